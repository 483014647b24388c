"""What `strictgate serve` says of its upstreams at the start, in words for people."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress

from strictgate.core.capabilities import Capabilities, Mode, Prefill
from strictgate.core.request.options import Enforcement
from strictgate.gateway.knobs import with_overrides
from strictgate.gateway.request_planning import preferred
from strictgate.observe.events import Event, UpstreamRecognised
from strictgate.settings.loading import Settings, SettingsError
from strictgate.settings.upstreams import Upstream
from strictgate.upstream.presets import GENERIC, PRESETS, preset_of_host

Say = Callable[[str], None]
Apply = Callable[[Settings], Awaitable[tuple[str, ...]]]
"""Puts settings into force; returns the names of those that wait for a restart."""


class StartReport:
    """Says each upstream's lines once Strictgate listens, and again where more is found out, or
    where a reload makes another one of it."""

    def __init__(self, settings: Settings, say: Say) -> None:
        self._upstreams = settings.upstreams
        self._enforcement = settings.enforcement
        self._say = say
        self._seen: dict[str, UpstreamRecognised] = {}
        self._has_begun = False

    def observe(self, event: Event) -> None:
        """Take note of what an upstream was recognised as."""
        if isinstance(event, UpstreamRecognised) and event.upstream in self._upstreams:
            self._seen[event.upstream] = event
            if self._has_begun:
                self._tell(event.upstream)

    def begin(self) -> None:
        """Say the lines of all."""
        self._has_begun = True
        for name in self._upstreams:
            self._tell(name)

    def around(self, apply: Apply) -> Apply:
        """Return what puts new settings into force as `apply` does, and says what is new."""

        async def applied(settings: Settings) -> tuple[str, ...]:
            with self._renewing(settings):
                return await apply(settings)

        return applied

    @contextmanager
    def _renewing(self, settings: Settings) -> Iterator[None]:
        """Have new settings put into force in the block; then say the lines of upstreams that are
        new, or other ones than before. Where that fails, all is as it was."""
        before = (self._upstreams, self._enforcement, self._seen)
        known = {name for name, each in settings.upstreams.items() if before[0].get(name) == each}
        self._upstreams, self._enforcement = settings.upstreams, settings.enforcement
        self._seen = {name: seen for name, seen in self._seen.items() if name in known}
        self._has_begun = False
        try:
            yield
        except SettingsError:
            self._upstreams, self._enforcement, self._seen = before
            raise
        else:
            for name in self._upstreams:
                if name not in known or self._enforcement != before[1]:
                    self._tell(name)
        finally:
            self._has_begun = True

    def _tell(self, name: str) -> None:
        seen, rules = self._seen.get(name), self._enforcement
        lines = upstream_lines(name, self._upstreams[name], seen, rules)
        with suppress(OSError, ValueError):  # nobody reads them any more
            self._say("\n".join(lines))


def upstream_lines(
    name: str,
    upstream: Upstream,
    seen: UpstreamRecognised | None,
    enforcement: Enforcement,
) -> list[str]:
    """Return the lines about one upstream.

    Args:
        seen: what came of looking at it; None: that was not needed.
        enforcement: what is preferred decides on the order of the modes.
    """
    by_host = preset_of_host(upstream.base_url or "")
    preset = seen.preset if seen else upstream.preset or by_host or GENERIC
    known = upstream.applied_to(PRESETS[preset].capabilities)
    able = preferred(known, with_overrides(enforcement, None))
    address = upstream.base_url or PRESETS[preset].base_url
    lines = [f"Upstream '{name}', {address}: {_identity(upstream, preset, seen)}"]
    if seen and seen.problem:
        lines.append(f"  {seen.problem}")
    lines.extend(f"  {each}" for each in _behaviour(able))
    if upstream.preset is None:
        lines.append(
            f"  Not so? --preset NAME, or preset in [upstreams.{name}]: {_others(preset)}."
        )
    return lines


def _identity(upstream: Upstream, preset: str, seen: UpstreamRecognised | None) -> str:
    if upstream.preset is not None:
        return f'preset "{preset}", as configured.'
    if seen is None:
        return f'preset "{preset}", by its host.'
    if seen.sign and preset != GENERIC:
        return f'recognised as "{preset}": {seen.sign}.'
    if not seen.has_answered:
        return f'not there yet. Until it is, nothing is assumed of it (preset "{preset}").'
    return f'not recognised, so nothing is assumed of it (preset "{preset}").'


def _behaviour(able: Capabilities) -> Iterator[str]:
    told = ", the schema in the prompt as well" if able.native_needs_prompt else ""
    modes = [str(mode) for mode in able.modes]
    if able.prompt_first and able.prefill is not Prefill.NONE and Mode.PROMPT in able.modes:
        modes.remove(Mode.PROMPT)
        modes.insert(0, "prompt alone, the answer free under the guard")
    yield f"A schema is asked for as {', then '.join(modes)}{told}."
    if able.prefill is Prefill.NONE:
        yield "It is not known to go on from a prefix: streams go out once they are checked whole."
    else:
        yield f"It goes on from a prefix ({able.prefill}): streams are guarded as they come."
    yield (
        f"Steered by its log-probabilities ({able.top_logprobs} for each token)."
        if able.top_logprobs
        else "No log-probabilities are asked for."
    )


def _others(preset: str) -> str:
    return " ".join(name for name in PRESETS if name not in (preset, "demo"))
