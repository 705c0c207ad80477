"""The fields of a sheet of addresses that are not to be written to; data only, as in columns."""

from bursar.core.errors import N_
from bursar.tenancy.column_names import Field, field

SUPPRESSIONS: tuple[Field, ...] = (
    field(
        "address",
        N_("E-mail address"),
        "address|email|e-mail|mail|email address|e-mail address|recipient|subscriber email|"
        "البريد الإلكتروني|البريد|العنوان|courriel|adresse e-mail|adresse email",
    ),
    field(
        "scope",
        N_("What is stopped"),
        "scope|what is stopped|stopped|list|lists|stream|topic|ما يتم إيقافه|القائمة|liste|portée",
    ),
    field(
        "reason",
        N_("Why"),
        "reason|why|cause|status|type|event|السبب|الحالة|motif|raison|statut",
    ),
    field("note", N_("Note"), "note|notes|comment|comments|remark|ملاحظة|ملاحظات|remarque|commentaire"),
    field(
        "until",
        N_("Until"),
        "until|expires|expires on|expiry|expiry date|end|end date|حتى|تاريخ الانتهاء|jusqu'au|date de fin",
    ),
)
