"""What a customer sent along with a dispute, handed to who works here: a download, never shown by a browser (R142)."""

from urllib.parse import quote
from uuid import UUID

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from bursar.billing import disputes
from bursar.core import uploads
from bursar.core.errors import NotFound
from bursar.web.security import DOCUMENT_POLICY
from bursar.web.sessions import staff_router, viewer_work

router = staff_router()


@router.get("/invoices/{invoice_id}/disputes/{dispute_id}/proofs/{note_id}")
async def fetch_proof(request: Request, invoice_id: UUID, dispute_id: UUID, note_id: UUID) -> Response:
    async with viewer_work(request) as work:
        if (await disputes.get_dispute(work, dispute_id)).invoice_id != invoice_id:
            raise NotFound("dispute")
        notes = await disputes.notes_of(work, dispute_id)
        file_id = next((note.file_id for note in notes if note.id == note_id), None)
        if file_id is None:
            raise NotFound("file")
        file = await uploads.find(work, file_id)
    chunks = await request.app.state.house.files.get(file.key)
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
        "Content-Security-Policy": DOCUMENT_POLICY,
        "Content-Length": str(file.size_bytes),
    }
    return StreamingResponse(chunks, media_type=file.media_type, headers=headers)
