"""Find downloaded models on this disk, to delete them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from longsum.checkpoint.pinned_file import PinnedFile
from longsum.model.pinned import remove


@dataclass(frozen=True)
class Removable:
    """A model on this disk, and how to delete it."""

    where: str
    size_bytes: int
    delete: Callable[[], object]


def removable(repo: str, file: PinnedFile | None) -> Removable | None:
    """Return what is on this disk of a model; None if there is nothing.

    Args:
        repo: its Hugging Face id.
        file: its single pinned file, if it is one.
    """
    if file is not None:
        if not file.is_here:
            return None
        return Removable(str(file.path), file.path.stat().st_size, lambda: remove(file))
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        cache = scan_cache_dir()
    except CacheNotFound:
        return None
    for found in cache.repos:
        if found.repo_type == "model" and found.repo_id == repo:
            commits = [revision.commit_hash for revision in found.revisions]
            plan = cache.delete_revisions(*commits)
            return Removable(str(found.repo_path), plan.expected_freed_size, plan.execute)
    return None
