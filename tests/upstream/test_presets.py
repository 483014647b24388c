"""The presets: that the file is read, and read strictly."""

from pathlib import Path

import pytest

from strictgate.core.capabilities import LADDER, Capabilities, ForcedTool, Mode, Prefill
from strictgate.upstream.presets import PRESETS, parse, preset_of_host

NAMES = [
    *("groq", "moonshot", "deepseek", "openai", "openrouter", "mistral", "together", "fireworks"),
    *("cerebras", "ollama", "lmstudio", "vllm", "sglang", "llamacpp", "zai", "generic", "demo"),
    *(
        "litellm",
        "anthropic",
        "gemini",
        "azure",
        "xai",
        "bedrock",
        "databricks",
        "cohere",
        "nvidia",
    ),
    *("huggingface", "sambanova", "deepinfra", "github", "perplexity", "cloudflare"),
]
OF_ACCOUNTS = {"azure", "bedrock", "databricks", "cloudflare"}
"""The providers whose address is each account's own."""


def test_every_documented_preset_is_there():
    """The presets are those that the configuration promises."""
    assert sorted(PRESETS) == sorted(NAMES)


@pytest.mark.parametrize("name", sorted({*NAMES} - {"generic", "demo", *OF_ACCOUNTS}))
def test_each_provider_has_its_address(name: str):
    """A preset alone is enough to reach its provider; remote ones only through TLS."""
    url = PRESETS[name].base_url
    assert url.startswith(("https://", "http://127.0.0.1:"))
    assert not url.endswith("/")


def test_nothing_is_assumed_of_an_unknown_server():
    """The general preset is the defaults, without an address."""
    preset = PRESETS["generic"]
    assert (preset.base_url, preset.capabilities) == ("", Capabilities())


@pytest.mark.parametrize("name", NAMES)
def test_there_is_always_a_way(name: str):
    """Modes come in the order of the ladder and end with the one that nothing can refuse."""
    modes = PRESETS[name].capabilities.modes
    assert modes == tuple(mode for mode in LADDER if mode in modes)
    assert modes[-1] is Mode.PROMPT


@pytest.mark.parametrize(
    ("name", "first", "without"),
    [
        ("groq", Mode.NATIVE, None),
        ("deepseek", Mode.JSON_OBJECT, Mode.NATIVE),
        ("lmstudio", Mode.NATIVE, Mode.JSON_OBJECT),
        ("zai", Mode.JSON_OBJECT, Mode.NATIVE),
        ("moonshot", Mode.NATIVE, Mode.TOOL),
    ],
)
def test_ladders(name: str, first: Mode, without: Mode | None):
    """What a provider is known to refuse, or to ignore, is not asked of it."""
    modes = PRESETS[name].capabilities.modes
    assert modes[0] is first
    assert without not in modes


@pytest.mark.parametrize("name", NAMES)
def test_a_tool_that_cannot_be_forced_is_no_mode(name: str):
    """A tool call that is only asked for is no better than a prompt that asks for the document."""
    capabilities = PRESETS[name].capabilities
    assert capabilities.forced_tool is not ForcedTool.AUTO or Mode.TOOL not in capabilities.modes


def test_a_grammar_that_forbids_calls_is_not_sent_beside_tools():
    """What constrains by a grammar, or may have such a server behind it, is given tools, and the
    format in the prompt; never both."""
    engines = {
        name: preset.capabilities
        for name, preset in PRESETS.items()
        if preset.base_url.startswith("http://127.0.0.1:")
    }
    assert engines.keys() == {"llamacpp", "lmstudio", "ollama", "sglang", "vllm", "litellm"}
    assert not any(each.json_with_tools for each in engines.values())


def test_a_preset_is_read():
    """A table gives a preset; what it leaves out is the default."""
    presets = parse('[a]\nbase_url = "http://x"\nprefill = "prefix"\nmodes = ["tool"]')
    assert presets["a"].base_url == "http://x"
    assert presets["a"].capabilities == Capabilities(modes=(Mode.TOOL,), prefill=Prefill.PREFIX)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("colour = 1", "Preset a: unknown key 'colour'"),
        ('modes = ["nativ"]', "input should be 'native', 'json_object'"),
        ("modes = []", "at least 1 item"),
        ('prefill = "yes"', "prefill = 'yes': input should be 'none', 'trailing'"),
        ("json_with_tools = 1", "json_with_tools = 1: input should be a valid boolean"),
        ('drop = "store"', "drop = 'store': input should be a valid array"),
        ("drop = [1]", "input should be a valid string"),
        ("base_url = 1", "base_url = 1: input should be a valid string"),
        ("top_logprobs = -1", "greater than or equal to 0"),
        ("modes", "Expected '='"),
        ("known_by = 1", "known_by: expected a table"),
        ("known_by.host = []", "Preset a: known_by: unknown key 'host'"),
        ("known_by.answers = {a = 1}", "input should be a valid string"),
    ],
)
def test_a_mistake_is_named(line: str, message: str):
    """An unknown key or value is an error that says which."""
    with pytest.raises(ValueError, match=message.replace("[", r"\[")):
        parse(f"[a]\n{line}\n")


def test_a_stray_value_is_named():
    """A value outside of a table is an error."""
    with pytest.raises(ValueError, match="Preset base_url: expected a table"):
        parse('base_url = "x"')


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://api.groq.com/openai/v1", "groq"),
        ("https://API.groq.com./openai/v1", "groq"),
        ("https://eu.api.openai.com/v1", "openai"),
        ("https://notapi.openai.com/v1", None),
        ("https://mine.openai.azure.com/openai/v1", "azure"),
        ("https://bedrock-runtime.eu-west-1.amazonaws.com/openai/v1", "bedrock"),
        ("https://s3.eu-west-1.amazonaws.com/openai/v1", None),
        ("https://api.groq.com.example/v1", None),
        ("http://127.0.0.1:11434/v1", None),
        ("", None),
    ],
)
def test_preset_of_host(url: str, name: str | None):
    """A provider's own host tells who it is; a port on one's own machine tells nothing."""
    assert preset_of_host(url) == name


@pytest.mark.parametrize("name", NAMES)
def test_a_host_of_the_world_is_known(name: str):
    """Whoever writes out the address of a preset gets that preset."""
    preset = PRESETS[name]
    if preset.base_url.startswith("https://"):
        assert preset_of_host(preset.base_url) == name


def test_the_documentation_has_every_preset():
    """docs/hosts.md says where each is, in which modes it is asked, and in which dialect."""
    page = (Path(__file__).parents[2] / "docs" / "hosts.md").read_text(encoding="utf-8")
    rows = {row.split("`")[1]: row for row in page.splitlines() if row.startswith("| `")}
    for name in {*NAMES} - {"demo"}:
        preset = PRESETS[name]
        modes = ", ".join(mode.value for mode in preset.capabilities.modes)
        assert f"| {modes} |" in rows[name]
        assert preset.base_url in rows[name]
        assert f"`{preset.capabilities.dialect}`" in page or not preset.capabilities.dialect


def test_an_unknown_dialect_is_named():
    """A preset can have those alone that the table of dialects has."""
    with pytest.raises(ValueError, match="Preset a: dialect: known are openai, "):
        parse('[a]\ndialect = "klingon"')
