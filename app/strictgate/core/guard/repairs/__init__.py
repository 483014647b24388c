"""Mends at a violation: what each kind of mistake may stand for, proposed; the guard decides."""
