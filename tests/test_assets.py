"""The files that are shipped are the ones that were committed."""

import assets
from assets import files


def test_fonts_and_models_are_whole():
    assert not assets.damaged()


def test_every_font_and_model_has_its_checksum_and_its_licence():
    listed = {line.split()[1] for line in files.CHECKSUMS.read_text("utf-8").splitlines()}
    shipped = {
        file.relative_to(files.FOLDER).as_posix()
        for folder in ("fonts", "models")
        for file in (files.FOLDER / folder).iterdir()
        if not file.name.endswith((".LICENSE.txt", ".NOTICE.txt"))
    }
    assert listed == shipped
    for name in listed:
        assert (files.FOLDER / name).with_suffix(".LICENSE.txt").is_file(), name


def test_a_damaged_and_a_missing_file_are_named(tmp_path, monkeypatch):
    (tmp_path / "fonts").mkdir()
    (tmp_path / "fonts/DejaVuSans-Bold.ttf").write_bytes(b"half of it")
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    assert sorted(assets.damaged()) == ["fonts/DejaVuSans-Bold.ttf", "models/face_detection_yunet_2023mar.onnx"]
