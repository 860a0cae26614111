"""`python -m longsum` is `longsum`."""

from longsum.cli import main

if __name__ == "__main__":
    main()
