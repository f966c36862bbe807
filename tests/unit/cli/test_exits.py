"""Every exit code is its own, and told to people."""

from kubectl_containerjob import exits


def test_every_code_is_told_to_people_and_means_one_thing() -> None:
    codes = [value for name, value in vars(exits).items() if name.isupper() and isinstance(value, int)]
    assert len(codes) == len(set(codes))
    assert all(f"{code} " in exits.TEXT for code in codes)
