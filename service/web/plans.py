"""`/plans/{slug}`: a plan's milestones in its order; `/occurrences/{id}`: one due date, which feed entries link to."""

from starlette.responses import Response

from service.findings.actions import find
from service.findings.rules import Severity
from service.plans import store
from service.plans.models import Plan
from service.reports.actions.board import card, plan_rows
from service.reports.store.board import tally_plans
from service.units import store as unit_store
from service.units.models import Jurisdiction, Unit
from service.web.pages import Visiting, pages

router = pages()


@router.api_route("/plans/{slug}", methods=["GET", "HEAD"])
async def plan_page(visit: Visiting, slug: str) -> Response:
    """One plan."""
    session = visit.session
    plan = await store.get(session, slug, public_only=visit.viewer.public_only)
    findings = await find(session, plan)
    tallies = await tally_plans(session, [slug], today=visit.viewer.today(plan.time_zone))
    return visit.page(
        "plan.html",
        {
            "plan": plan,
            "home": await unit_store.get(session, Jurisdiction, plan.jurisdiction),
            "issuer": await unit_store.get(session, Unit, plan.issuer) if plan.issuer else None,
            "tally": tallies[slug],
            "source_url": _web_address(plan),
            "rows": await plan_rows(session, visit.viewer, plan=plan),
            "warnings": [one for one in findings if one.severity is Severity.WARNING],
            "notices": [one for one in findings if one.severity is not Severity.WARNING],
        },
    )


def _web_address(plan: Plan) -> str | None:
    # A plan file may say anything there; only what leads to a page becomes a link.
    url = str((plan.source or {}).get("url") or "")
    return url if url.startswith(("https://", "http://")) else None


@router.api_route("/occurrences/{id}", methods=["GET", "HEAD"])
async def occurrence_page(visit: Visiting, id: str) -> Response:
    """One due date of a task."""
    return visit.page("occurrence.html", {"card": await card(visit.session, visit.viewer, id=id)})
