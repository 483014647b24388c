"""The parts in which a wide document is asked for, each with its schema admitted."""

from strictgate.core.lru_cache import LruCache
from strictgate.core.plan.plan import DocumentPart
from strictgate.core.plan.splitting import SchemaPart, split_schema
from strictgate.core.request.contract import Contract
from strictgate.core.request.options import Enforcement, Split
from strictgate.core.schema.schema import Schema
from strictgate.gateway.admission import Admission

_KEPT = 4 << 20  # bytes of divided schemas


class DocumentSplitter:
    """One per process; it keeps how schemas are divided."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._divided: LruCache[tuple[str, int], tuple[SchemaPart, ...]] = LruCache(_KEPT)

    def parts(
        self, wanted: Contract, schema: Schema, rules: Enforcement
    ) -> tuple[DocumentPart, ...]:
        """Return the parts of the document that is wanted; nothing, if it is asked for whole.

        Args:
            schema: of the document.

        Raises:
            AdmissionPending: the schema of a part is to be admitted first.
        """
        most = rules.split_fields
        is_one = wanted.has_document and not wanted.is_json_object and wanted.choices == 1
        if rules.split is Split.OFF or wanted.has_tools or not is_one:
            return ()
        if schema.inspected.nodes <= most:  # each field is a value, too
            return ()
        return tuple(
            DocumentPart(
                self._admission.get(each.source, name=wanted.name, formats=rules.formats),
                each.paths,
            )
            for each in self._divide(wanted, schema.text, most)
        )

    def _divide(self, wanted: Contract, text: str, most: int) -> tuple[SchemaPart, ...]:
        divided = self._divided.get((text, most))
        if divided is None:
            divided = split_schema(wanted.source, most)
            self._divided.put((text, most), divided, 1024 + 4 * len(text))
        return divided
