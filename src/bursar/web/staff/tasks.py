"""What waits for a person."""

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.core.errors import N_
from bursar.notifications.tasks import finish_task, list_tasks
from bursar.web import pages
from bursar.web.sessions import staff_router, viewer_work

router = staff_router()


@router.get("/tasks")
async def show_tasks(request: Request) -> Response:
    async with viewer_work(request) as work:
        tasks = await list_tasks(work)
    return pages.render(request, "staff/tasks.html", fragment="results", tasks=tasks)


@router.post("/tasks/{task_id}/completion")
async def complete(request: Request, task_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await finish_task(work, task_id)
    return pages.see_other(request, "/tasks", toast=N_("Done."))
