"""The words that upstreams refuse a schema with, as tables of named patterns.

Each name says what the pattern is about, each comment whose words it was made from; tests/data has
the words themselves. The patterns are matched against a few KiB and are free of nested repetition,
so that no text makes them slow. What a match means is refusal.py's to say.
"""

import re

TRUNCATED = "max completion tokens reached before generating a valid document"
"""Groq puts this sentence where the model's text would be."""

Table = dict[str, str]


def table(patterns: Table) -> re.Pattern[str]:
    """Compile `patterns` into one."""
    return re.compile(
        "|".join(f"(?P<{name}>{pattern})" for name, pattern in patterns.items()), re.IGNORECASE
    )


def name_of(match: re.Match[str] | None) -> str:
    """Return the name of the pattern that matched."""
    return (match and match.lastgroup) or ""


OUTPUT = table(
    {
        "json_validate_failed": r"failed to (?:generate|validate) json|json_validate_failed",
        "schema_mismatch": r"generated json does not match",
        "tool_use_failed": r"tool call validation failed|failed to call a function|tool_use_failed",
        "no_tool_call": r"tool choice is \w+, but model did not call",
        "truncated": TRUNCATED,
    }
)
OUTPUT_CODES = frozenset({"json_validate_failed", "tool_use_failed"})
"""Groq's."""

SILENT = re.compile(
    r"(?:error:? *)?(?:\d{3}:? *)?(?:bad request|invalid request(?: body)?|"
    r"unprocessable entity|(?:unknown |upstream )?error|provider returned error|request failed|"
    r"upstream request failed|invalid_request_error|invalid (?:param(?:eter)?s?|arguments?|input)"
    r"(?: error)?|invalid params, invalid chat setting \(\d+\)|"  # MiniMax
    r"exception parsing response|request contains an invalid argument|"  # Gemini
    r"the request is not supported by this model|"
    "api 调用参数有误\uff0c请检查文档)?[.!。]?",
    re.IGNORECASE,
)
"""Texts that say no more than the status does."""
SILENT_CODES = frozenset(
    {
        *("400", "422", "bad request", "bad_request", "badrequest", "invalid input"),
        *("invalid_request", "invalid_request_error", "invalid_argument", "invalid_parameter"),
    }
)
"""Codes that only repeat it."""

JSON_WORD = table(
    {
        "word": r"\bword\W{1,3}json\b",  # OpenAI, DeepSeek, DashScope
        "contain": r"\b(?:must|should|needs? to)\s+(?:contain|include|mention)\s+['\"`]json['\"`]",
    }
)

NEVER_CODES = frozenset(
    {
        *("model_not_found", "context_length_exceeded", "missing_required_parameter"),
        *("insufficient_quota", "invalid_api_key", "rate_limit_exceeded", "content_filter"),
        *("content_policy_violation", "string_above_max_length", "billing_hard_limit_reached"),
    }
)
NEVER = table(
    {
        "other_endpoint": r"moved to 'text\.format'",  # the Responses API about Chat's parameter
        "context_length": r"context.?length|reduce the length|maximum context",
        "unknown_model": r"model\b[^.\n]{0,120}\bdoes not exist",
        "missing": r"missing required parameter",
        "name": r"json_schema\.name\b",
        "type_of_field": r"expected type \w+\)? is illegal",  # Moonshot: not an object
    }
)

_GEMINI_SCHEMA = r"(?:response_?(?:json_?)?schema|function_?declarations\[\d+\]\.parameters)"
DIALECT_CODES = frozenset({"invalid_json_schema", "invalid_function_parameters"})
FUNCTION_SCHEMA = re.compile(
    r"schema for function|tools(?:\[\d+\]|\.\d+)|function\.parameters|function parameters|"
    r"function_?declarations?\b|"
    r"\btool\b[^.\n]{0,60}\b(?:parameters|input_schema)\b",
    re.IGNORECASE,
)
FUNCTION_PLACE = re.compile(
    r"function_?declarations\[(\d+)\]|tools[\[.](\d+)\]?(?!\]?\.function_?declarations)",
    re.IGNORECASE,
)
"""Where in the list of tools the function stands."""
QUOTED = re.compile(r"['\"`]([\w.-]{1,128})['\"`]")
DIALECT = table(
    {
        "invalid_schema": r"invalid\s+(?:json\s+|output\s+)?schema\b",  # OpenAI, Groq
        "not_a_schema": r"(?:not|isn't)\s+a\s+valid\b[^.\n]{0,40}\bschema\b|schema is not valid",
        "flavored": r"flavou?red json schema",  # Moonshot
        "schema_fields": r"unsupported json.schema (?:field|keyword|type)",  # Cerebras
        "structure": r"unsupported json.schema structure"  # outlines
        r"|could not translate the (?:instance|enum|schema)\b"
        r"|could not understand the instance\b",  # Fireworks
        "conversion": r"json schema conversion failed",  # llama.cpp
        "specified": r"schemas?[`'\"]? (?:specified|did(?:n't| not) specify)\b",  # Vertex
        "too_many": r"\bschemas? contains? too many\b",  # Anthropic
        "regex": r"\b(?:invalid|unsupported) regex\b|\bcompil\w+ (?:the )?regex"
        r"|\bregex look(?:ahead|behind|around)\b"  # Anthropic
        r"|\bregex uses unsupported\b|anchored universal start state|error parsing regex",  # vLLM
        "invalid_grammar": r"\binvalid (?:json )?grammar\b",  # SGLang, vLLM
        "provided": r"invalid '?json_schema'? provided",  # Cohere
        "serializing": r"error serializing structured outputs",  # vLLM
        "timeout": r"\bgrammar compilation (?:timed out|failed|error)",  # Anthropic
        "reason": r"json schema not supported: \S",  # Fireworks
        "engine": r"\bllguidance\b|\bunimplemented keys\b|\bfsm\b",  # vLLM, outlines
        "keyword_name": r"\b(?:oneOf|anyOf|allOf|patternProperties|propertyNames|prefixItems|"
        r"m(?:in|ax)(?:Length|Items|Properties)|uniqueItems|exclusiveM\w+imum|multipleOf|"
        r"unevaluated\w+|dependent\w+|recursion)['\"`]? (?:is|are) (?:not \w+|unsupported)",
        "must": r"(?<!_)\bschema must (?:have|be)\b|\bdata type in schema\b",
        "not_met": r"json mode couldn't be met",  # Cloudflare: no answer of the model's fits
        "schema_error": r"json schema error at #",  # llama.cpp
        "unsupported_type": r"unsupported schema (?:type|keyword|feature)",  # llama.cpp
        "keyword": r"\bkeywords?\b[^\n]{0,60}\b(?:not (?:supported|allowed|permitted)|unsupported)",
        "keywords": r"unsupported keywords?",
        "in_context": r"in context=\(",  # OpenAI
        "additional": r"additionalProperties",
        "inside": r"json_schema\.(?:schema|strict|description)\b|\bschema\.properties\b"
        r"|response_format[/.]json_schema[/.]\w+[/:]",
        "format_schema": r"(?:output_config|output_format|text)(?:\.format)?\.schema\b",
        "features": r"(?<![_\w])schema\b[^.\n]{0,30}\b(?:features?|keywords?|constructs?|types?)\b"
        r"[^.\n]{0,40}\b(?:unsupported|not\b)",
        "too_complex": r"too many states|(?:schema|grammar)\b[^.\n]{0,20}\b"
        r"too (?:complex|large|deep|big)",
        "limits": r"levels of nesting|parameters exceeds limit|exceeds the (?:limit|maximum)[^.\n]"
        r"{0,40}\b(?:properties|parameters|enum|nesting|schema)",
        "grammar_error": r"\bgrammar error",  # vLLM
        "grammar": r"(?:compil\w*|convert\w*|transform\w*|build\w*|creat\w*|pars\w*|generat\w*)\b"
        r"[^.\n]{0,40}\b"
        r"(?:grammar|(?<!_)schema\b(?! mode))",  # llama.cpp, vLLM, SGLang
        "recursion": r"(?:recursive|circular|external) (?:\$?refs?|references?|schemas?)\b",
        "reference": r"references? must start with|\$ref\b",
        "empty_schema": r"empty schema|accepts any json value",  # Anthropic
        "missing_type": r"missing 'type' or 'anyof'|must have a 'type' key",  # Moonshot, OpenAI
        "no_feature": r"(?:not|n't) support\w*\b[^.\n]{0,60}"
        r"(?:\b(?:keywords?|constructs?)\b(?! arg)|(?<!_)schema\W{1,2}features?\W{0,2}[:'\"`])",
        "gemini_place": rf"unknown name \S{{1,60}} at '[^'\n]*{_GEMINI_SCHEMA}"
        rf"|{_GEMINI_SCHEMA}[.\[]\w",
    }
)

CRASHED_DIALECT = table(
    {
        "grammar": r"(?:failed|unable) to (?:parse|compile|convert|transform|build|initiali[sz]e)\b"
        r"[^.\n]{0,40}\b(?:grammar|json schema)\b",  # llama.cpp, vLLM, SGLang
        "conversion": r"json schema conversion failed",  # llama.cpp
        "grammar_error": r"\bgrammar error: |\bunimplemented keys\b",  # vLLM
        "samplers": r"failed to initialize samplers",  # llama.cpp
        "regex": r"\bcompil\w+ (?:the )?regex",
        "features": r"json schema contains features not supported",  # vLLM
        "in_format": r"invalid json schema in format",  # Ollama
        "timeout": r"\bgrammar compilation (?:timed out|failed)",  # Anthropic
    }
)
"""What refuses a schema even with a status that says that the server failed."""
CRASHED_FORMAT = table({"vocabulary": r"failed to load model vocabulary required for format"})
"""What refuses every format so: Ollama's engine has no grammar for the model."""
CRASHED_TOOLS = table(
    {
        "param": r"unsupported param: tools\b",  # llama.cpp before it had them
        "flag": r"tools param requires --jinja",  # llama.cpp
    }
)

PARTNER = (
    r"(?:tools?\b|tool[ _]|function|stream|\w*thinking|reasoning|prefill|partial|grammar|"
    r"continue_final|assistant message|logprobs|web[ _]search|(?:search )?grounding|citations?\b|"
    r"file[_ ]search|code[_ ](?:interpreter|execution))"
)
CONSTRAINED = (
    r"(?:response[_ ]?format|text\.format|json_(?:schema|object|mode)|json mode|grammar|"
    r"json response|output[_ ]format|controlled generation|"
    r"structured[_ -]outputs?|response mime type|response_mime_type|guided)"
)
_BOTH = rf"(?=[^\n]*{CONSTRAINED})(?=[^\n]*{PARTNER})"
CONFLICT_SUBJECT = re.compile(rf"^{_BOTH}", re.IGNORECASE)
CONFLICT = table(
    {
        "combined": r"\bcombin\w+|\btogether\b|\bat the same time\b|\bsimultaneous\w*",
        "exclusive": r"mutually exclusive|incompatible with|not compatible|conflicts? with",
        "both": r"(?:can ?not|can't|may not|not allowed to) (?:\w+ ){1,2}both\b|only one of"
        r"|\bnot both\b",
        "instead_of": r"instead of populating",  # Gemini
        "streaming": r"(?:not|n't) (?:support streaming|(?:be )?stream(?:ed)?\b)|\bstream\b"
        r"[^.\n]{0,20}\b(?:must be|to) ['\"`]*false\b|\bstream(?:ing|ed)\W+(?:(?!but |and |only )"
        r"[^ ,]+ ){0,7}(?:not|\w+n't|unsupported)\b|(?:not|n't|un)(?: ?\w+){1,3} (?:in|for|by) "
        r"(?:\w+ )?stream(?:s|ed|ing)?\b",
        "in_presence": r"\b(?:when|while|if|with|alongside|along)\b[`'\" ]*(?:\w+[`'\"]* ){0,3}"
        rf"[`'\"]*(?:{PARTNER}|a response mime type)",
        "with_format": r"\b(?:not|n't|cannot)\b[^.\n]{0,40}\b(?<!launched )(?:with|alongside)\b"
        rf"[^.\n]{{0,20}}{CONSTRAINED}",
    }
)
NO = (
    r"(?:\b(?:not|never|no longer|cannot|neither)|n't)\b(?:[^\w.\n]+\w+){0,3}?[^\w.\n]+"
    r"(?:support\w*|available|enabled?|implement\w*|permit\w*|allow\w*|accept\w*|recogni[sz]\w*|"
    r"handle\w*|honou?r\w*|provide\w*|have|offer\w*|possible|known|understood|valid)\b"
)
_SAYS_NO = {
    "no": NO,
    "unsupported": r"\bunsupported|\bunavailable|\bdisabled\b|\bunimplemented\b",
    "unknown": r"\b(?:unknown|unrecogni[sz]ed|unexpected|extraneous)\W+(?:request )?"
    r"(?:param\w*|field|name|variant|argument|key|property|value|type)",
    "unknown_format": r"\b(?:unknown|unrecogni[sz]ed|unexpected|invalid)\W+(?:value for )?"
    r"response[_ ]format(?:[. ]type)?\W{1,4}json[_ ](?:schema|object)\W{0,3}"
    r"(?:$|\s(?:for|on|with|by|requested|given|provided)\b)",
    "not_an_object": r"cannot unmarshal object into [^\n]{0,80}"
    r"response_?format(?:\.json_schema)? of type"  # Go
    r"|response_format\b(?!\.)[^.\n]{0,30}\b"
    r"(?:valid string|must be a string|expected a string)",
    "bad_value": r"\binvalid enum value\b|\bcould not be converted to\b"  # msgspec, ASP.NET
    r"|\bcannot deserialize value\b|\bfailed on the '(?:oneof|eq)' tag"  # Jackson, Go
    r"|\bmust be (?:equal to )?one of the allowed values"  # ajv
    r"|\bis not a valid choice\b"  # Django
    r"|\bfailed to convert value\b|\bno enum constant\b"  # Spring, Java
    r"|\binvalid value(?: at '?[\w.]*response_?format[\w.]*'?|:)"  # protobuf
    r"|\binvalid value for [\w.]*format\.type\b"
    r"|response_?format(?:[./]type)?['\"`]? is invalid\b(?!\W+(?:missing|json_\w+ \w))"
    r"|^\W*invalid param(?:eter)?s?:? ['\"`]?response_format(?:\.type)?\W*$",
    "extra": r"extra (?:inputs|fields)[^.\n]{0,10} not (?:permitted|allowed)",  # pydantic
    "versions": r"enabled only for api versions",  # Azure
    "unset": r"leave it unset|remove (?:the|this) (?:field|parameter)",  # xAI
    "elsewhere": r"\bonly (?:available|supported|allowed|enabled|works?|possible)\b|"
    r"\bcan only be used\b|\brequires? [^.\n]{0,30}\b(?:model|version|later|newer)\b",
    "version": r"\brequires? (?!\W*(?:temperature|top_p|\w*penalty))(?:\S+ ){0,3}"
    r"(?:[<>=]{1,2} ?)?v?\d+\.\d",  # a server's; a sampling parameter's is no version
    "cannot_use": r"\b(?:can ?not|can't) (?:be )?used?\b",
    "incompatible": r"\b(?:incompatible|not compatible) with (?:the |this )?model",
    "has_none": r"\bhas no\b",
    "lacks": r"\black(?:s|ing)? (?:support|the)|without support",
    "no_support": r"\bno support for\b",
    # "not supported", "not available", "wrong parameter", "illegal", "invalid"
    "chinese": r"不支持|不支援|暂不支持|不可用|无法使用|参数错误|参数有误|不合法|非法|无效",
}
SAYS_NO = table(_SAYS_NO)

FORMAT_NAME = re.compile(
    r"response[_ ]?formats?\b|text\.format\b|json[_ ](?:schema|object)|json[_ -]?mode|"
    r"json[_ ]outputs?|structured[_ -]outputs?|guided[_ -](?:decoding|json)|"
    r"output[_ ](?:config|format)|controlled generation|response[_ ]mime[_ ]type|"
    r"\bgrammar\b|(?<![\w.])type: input should be '|"  # TGI, Cerebras
    r"constrained decoding|response_?schema['\"]? at 'generation_?config",
    re.IGNORECASE,
)
SCHEMA_NAME = re.compile(
    r"json[_ ]schema|structured[_ -]outputs?|guided[_ -]\w+|controlled gen|constrained dec|"
    r"response_?schema['\"]? at 'generation_?config",
    re.IGNORECASE,
)
OBJECT_NAME = re.compile(r"json[_ ]object|json[_ -]?mode|json[_ ]outputs?\b", re.IGNORECASE)
MODEL_ID = re.compile(
    r"\b(?:models?|deployment|engine)(?::\s?|=|\s|/)(?:"
    r"(['\"`])(?!(?:response_format|json[_ -]\w+|structured[_ -]outputs?|tools|tool_choice)\1)"
    r"[^'\"`\n]{1,120}\1|"
    r"(?!(?:json-mode|structured-outputs?|guided-\w+|\w+-calling|tool-\w+)(?![\w/-]))"
    r"(?=[\w.:@/-]{0,80}(?:json|schema|format|output|tool|function))[\w.:@]+[-/][\w.:@/-]*)",
    re.IGNORECASE,
)
"""A model's name, which may have a format's in it."""
_BUSY = (
    r"\boverload|\bat (?:full )?capacity\b|\btoo (?:busy|many requests)\b|\brate.?limit|"
    r"\b(?:again|try\b[^.\n]{0,30}) (?<!or )later\b(?! (?:model|version))"
)
_SEVERAL = (
    r"(?<![\w.])['\"`]?n['\"`]? ?(?:[<>=!]{1,2} ?|(?:must|should|has to) be |greater than |"
    r"larger than |other than )\d"
)
BUSY = re.compile(_BUSY, re.IGNORECASE)
OTHER_CAUSE = re.compile(f"{_SEVERAL}|{_BUSY}", re.IGNORECASE)
"""A sentence about the number of choices, or about how busy the server is, refuses no format."""
BOTH = re.compile(r"\b(?:neither|nor|both)\b", re.IGNORECASE)
OTHER_FIELD = re.compile(r"response_format[./](?!(?:type|json_schema)\b)\w+", re.IGNORECASE)
"""A member of `response_format` that is at fault, not the format."""
THIS_TYPE = re.compile(r"format\W{0,2}[ .]?(?:type|value)\b|\brequested\b", re.IGNORECASE)

TOOL_NAME = re.compile(
    r"tool[_ ]?(?:choice|use|call)|\btools?\b|function[_ ]call|\bfunctions\b|工具", re.IGNORECASE
)
STREAM_NAME = re.compile(r"\bstream(?:s|ed|ing)?\b", re.IGNORECASE)
TOOL_SAYS_NO = table(
    {
        "thinking": r"incompatible with thinking|not be enabled when",  # Moonshot, Anthropic
        "flag": r"requires? --",  # vLLM, llama.cpp
        "only_auto": r"(?:must be|only)\b[^.\n]{0,30}['\"`](?:auto|none)",  # DashScope
        "no_endpoint": r"no endpoints? found that support",  # OpenRouter
    }
)
NO_ENDPOINT = re.compile(
    r"no (?:endpoints?|providers?) (?:found|available)\b[^.\n]{0,40}\b"
    r"(?:handle the requested parameters|support|guardrail restrictions)",
    re.IGNORECASE,
)
"""OpenRouter's. The guardrails are the account's own, but `strict` can be what they stop at."""
ABOUT_ALL = re.compile(r"requested parameters|guardrail restrictions", re.IGNORECASE)

ALLOWED = re.compile(
    r"(?:\bonly (?:supports?|accepts?|allows?|takes?|handles?)\b|"
    r"\b(?:must|should|can only|has to|needs to|may only) be\b|\bmust in\b|"
    r"\baccepted for enum class\b|\brequires? \S+ to be\b|\bone of\b|\bonly\b|\bexpected\b|"
    r"\b(?:allowed|supported|valid|accepted|permitted|available|possible|expected)"
    r" (?:values?|types?|options?|formats?|variants?)\b(?: are| is)?|"
    r"\b(?:please|instead,?|should) (?:use|try|switch to|choose|send)\b|\bsupports? only\b|"
    r", (?:use|try)\b)",
    re.IGNORECASE,
)
END_OF_LIST = re.compile(
    r"[.;]\s|\n|[.;]$|\b(?:but|got|is|are|not|(?<!text )input|received|for|with|"
    r"instead of|rather than)\b",
    re.IGNORECASE,
)
TEXT_NAME = re.compile(
    r"['\"`]text['\"`]|^\W{0,3}(?:the )?text\b"
    r"(?!\W+(?:inputs?|content|messages?|prompts?|parts?)\b)",
    re.IGNORECASE,
)
SENTENCE = re.compile(r"(?<=[.!?;。])\s+|\n")

FIELD_SAYS_NO = table(
    _SAYS_NO
    | {
        "invalid": r"\binvalid (?:\S+ )?(?:param\w*|value|argument|field|propert\w+|option)",
        "not_a_field": r"\bcannot find field\b|\bnot a valid \w+|\bnot a recogni[sz]ed",
        "not_with": r"\bincompatible with\b|\bmay not be enabled when\b|\bconflicts? with\b",
        "must": r"\b(?:must|only|should) (?:be )?[^.\n]{0,20}"
        r"(?:['\"`](?:auto|none)['\"`]|\b(?:unset|omitted|verified)\b)",
        "no_endpoint": r"\bno endpoints? found that support",
    }
)
"""What says no to one field of a request."""
TOOL_CHOICE = re.compile(
    r"tool[_ ]?choice|allowed_tools|forced? (?:tool|function)|forc\w+ tool use|"
    r"function_calling_config",
    re.IGNORECASE,
)
_STREAM = r"(?=.*\bstream(?:ing|ed)?\b)"
STREAM_ALONE = re.compile(
    rf"^{_STREAM}(?!.*(?:{CONSTRAINED}|\btools?\b|\bfunction))", re.IGNORECASE
)
STREAM_AND_TOOLS = re.compile(
    rf"^{_STREAM}(?=.*(?:\btools?\b|\bfunction))(?!.*{CONSTRAINED})", re.IGNORECASE
)
SEVERAL_CHOICES = re.compile(
    rf"{_SEVERAL}|(?:body\.|param\w*|propert\w*|field|name|argument)[\s:'\"`]*\bn\b(?!'t)|"
    r"\bn_cmpl\b|\bonly one completion choice\b",  # llama.cpp
    re.IGNORECASE,
)
SEVERAL_SAYS_NO = re.compile(
    rf"{_SEVERAL}|\bmust be between 1 |\bcannot be greater than\b|\bonly one\b|"  # llama.cpp
    f"{FIELD_SAYS_NO.pattern}",
    re.IGNORECASE,
)
ROLE = re.compile(r"\bdeveloper\b|\broles?\b", re.IGNORECASE)
ROLE_SAYS_NO = table(
    _SAYS_NO
    | {
        "other": r"\bunknown variant\b|\b(?:invalid|unexpected|unknown|unsupported)\b|"
        r"\binput should be\b|\bmust be one of\b|\bnot one of\b|\bonly [^.\n]{0,60} are supported"
    }
)

PREFIX = re.compile(
    r"prefill|\bprefix\b|\bpartial\b|continue_final|add_generation_prompt|"
    r"\b(?:last|final) message\b|\bassistant\b[^.\n]{0,40}\b(?:message|role|turn|response)",
    re.IGNORECASE,
)

TOOLS = re.compile(
    r"(?<![\w.])(?:body\.)?tools\b(?!\[|\.\w)|\btool[ _-](?:use|call(?:s|ing)?)\b|"
    r"\bfunction[ _-]?call\w*|\bfunctions\b",
    re.IGNORECASE,
)
TOOLS_AND_MORE = re.compile(
    rf"{CONSTRAINED}|stream|choice|parallel|strict|schema|thinking|reasoning|"
    r"tool_calls?\[|tool_call_id|messages?\b",
    re.IGNORECASE,
)
"""Their use together with something else, or one of their members, is not their use."""
TOOLS_NO = table(
    {
        "no": r"not support|n't support|unsupported|unrecogni[sz]ed|not implemented|not enabled|"
        r"not (?:yet |currently )?(?:supported|available)",
        "no_endpoint": r"no endpoints found that support",  # OpenRouter
        "unknown": r"\b(?:unknown|unexpected) (?:field|param\w*|argument|keyword|property|name)",
        "extra": r"extra (?:inputs|fields) (?:are )?not (?:permitted|allowed)",
    }
)
TOOLS_FLAG = re.compile(r"requires? --(?:enable-auto-tool-choice|tool-call-parser|jinja)\b")
"""vLLM's and llama.cpp's, which were started without what tools need."""
