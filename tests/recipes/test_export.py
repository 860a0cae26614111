"""What the export writes beside the weights."""

from __future__ import annotations

from pathlib import Path

import pytest
from safetensors.numpy import load_file, save_file

from longsum.errors import UnsupportedModel
from longsum.model.resolve import MINI_FOLDER
from longsum.selection.head import FILE, load_head
from recipes.mini import export


def test_naming_the_features_of_a_head_changes_no_tensor(tmp_path: Path, monkeypatch) -> None:
    bundled, path = MINI_FOLDER / FILE, tmp_path / FILE
    tensors = load_file(bundled)
    save_file(tensors, path)
    with pytest.raises(UnsupportedModel):
        load_head(tmp_path)
    monkeypatch.setattr("sys.argv", ["export", "--name-features", str(path)])
    export.main()
    assert load_head(tmp_path) is not None
    assert path.read_bytes() == bundled.read_bytes()
    named = load_file(path)
    assert named.keys() == tensors.keys()
    assert all(named[n].dtype == tensors[n].dtype for n in tensors)
    assert all(named[n].tobytes() == tensors[n].tobytes() for n in tensors)
