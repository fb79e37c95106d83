//! No code of its own: the frozen vectors stand in `vectors/`, the tests that hold us to them in `tests/`.
