"""The paper's own figures (arXiv 2306.15595), for the tables' last columns."""

from __future__ import annotations

PERPLEXITY = {
    "PG-19": (
        ("7B", 2048, "none", (7.20, None, None, None, None)),
        ("7B", 8192, "FT", (7.21, 7.34, 7.69, None, None)),
        ("7B", 8192, "PI", (7.13, 6.96, 6.95, None, None)),
        ("7B", 32768, "PI", (7.23, 7.04, 6.91, 6.80, 6.77)),
    ),
    "proof-pile": (
        ("7B", 2048, "none", (2.77, None, None, None, None)),
        ("7B", 8192, "FT", (2.85, 2.74, 2.73, None, None)),
        ("7B", 8192, "PI", (2.79, 2.57, 2.39, None, None)),
        ("7B", 32768, "PI", (2.82, 2.59, 2.39, 2.24, 2.48)),
    ),
}
"""Tables 1 and 2: size, window, method, perplexity at 2,048 … 32,768; beyond 2,048 the base is
above 1,000."""

STEPS = (0, 200, 400, 600, 800, 1000)
PERPLEXITY_BY_STEPS = {
    "PI 8192": (16.10, 7.12, 7.10, 7.02, 6.99, 6.95),
    "PI 16384": (112.13, 7.05, 6.93, 6.88, 6.84, 6.83),
}
"""Table 3, 7B on PG-19."""

K_MAX_BY_STEPS = {
    "FT 8192": (None, 1792, 2048, 2048, 2048, 2304),
    "PI 8192": (None, 8192, 8192, 8192, 8192, 8192),
    "PI 32768": (None, 32768, 32768, 18432, 32768, 32768),
}
"""Table 4, 7B; direct fine-tuning reaches 2,560 after 10,000 steps."""

SHORT_TASKS = {
    "none 2048": (76.1, 78.9, 55.7, 42.2, 69.6),
    "PI 8192": (73.2, 78.2, 53.8, 41.7, 69.0),
    "PI 16384": (69.8, 77.6, 53.3, 40.9, 67.8),
    "PI 32768": (64.7, 77.2, 50.1, 39.6, 66.9),
}
"""Table 5, 7B tuned on the Pile: BoolQ, PIQA, RACE-M, RACE-H, WinoGrande."""

ROUGE = {"LLaMA 7B, PI 16384, fine-tuned": (60.0, 28.0, 29.5), "CoLT5 XL": (61.3, 32.2, 33.8)}
"""Table 6, GovReport: ROUGE-1, ROUGE-2, ROUGE-L."""
