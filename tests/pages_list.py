"""The pages of the explorer that tests look at: at least one of every template and of every kind of thing."""

from __future__ import annotations

FLAGPOLING = (
    "citizenships=IND&held_temporary_status_in_canada_on_departure=yes&trip_only_us_or_spm=yes"
    "&held_permit_or_tr_authorization_before_trip=yes&returns_within_authorized_stay=yes"
    "&purpose_is_immigration_service=yes&ordinarily=yes&action=apply-work-permit-poe"
)

PAGES = {
    "home": "/",
    "check": f"/check?on=2024-12-24&{FLAGPOLING}",
    "check-open": "/check?citizenships=FRA&on=2025-05-01",
    "check-needed": "/check?action=trv-needed&citizenships=MEX&on=2024-03-01&ordinarily=yes",
    "check-month": "/check?citizenships=FRA&on=2024-12",
    "rule": "/rule/R-WP-198-2A",
    "rule-on": "/rule/R-WP-FLAG-2024@2024-12-24",
    "rule-not-then": "/rule/R-WP-FLAG-2024?on=2010-01-01",
    "provision": "/provision/irpr/198/2/a@2024-12-24",
    "law": "/law/irpr",
    "instrument": "/instrument/SOR/2024-258",
    "nationality": "/nationality/MEX",
    "program": "/program/CUSMA",
    "exemption": "/exemption/C10",
    "source": "/source/S-OB686",
    "passage": "/source/S-OB686/details",
    "change": "/change/E2024-02-29-mexico",
    "conflict": "/conflict/C-01",
    "claim": "/claim/C-01-OB686",
    "list": "/list/visa-exempt",
    "membership": "/list/visa-exempt/MEX/2002-06-28",
    "fact": "/fact/citizenships",
    "action": "/action/eta-needed",
    "condition": "/condition/D-FLAGPOLING-2024",
    "class": "/class/DIPLOMATIC",
    "port": "/port/POE-PEACE",
    "category": "/category/CAREGIVER",
    "evidence": "/evidence/eta",
    "changes": "/changes?about=Mexico",
    "conflicts": "/conflicts",
    "diff-form": "/diff",
    "diff": "/diff/2024-12-23..2024-12-24",
    "diff-text": "/diff/2017-05-04..2017-05-05?of=IRPR+198(2)(a)",
    "matrix": "/matrix?on=2024-03-01&against=2024-02-28&show=changed",
    "timeline": "/timeline?name=R-WP-198-2A",
    "trace": "/trace?name=R-WP-FLAG-2024",
    "search": "/search?q=flagpoling",
    "all": "/all",
    "all-rules": "/all/rules",
    "queries": "/queries",
    "query": "/queries/list-history?entry=MEX",
    "sparql": "/sparql",
}
"""Pages by a short name; each answers 200."""
