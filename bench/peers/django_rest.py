"""Django REST Framework, as its documentation shows it: models, serializers, a viewset with CursorPagination.

In one module, as there is one application. No middleware, sessions or authentication, and one connection that is kept: faster
than Django's defaults.
"""

import os
from collections.abc import Iterator
from typing import Any

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection, models
from django.db.models import F, Window
from django.db.models.functions import RowNumber
from django.http import StreamingHttpResponse
from django.urls import include, path
from peers.rows import csv_lines

settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["rest_framework"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": f"file:{os.environ['PEERS_DATABASE']}?mode=ro&immutable=1",
            "OPTIONS": {"uri": True},
            "CONN_MAX_AGE": None,
        }
    },
    REST_FRAMEWORK={
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "DEFAULT_PERMISSION_CLASSES": [],
        "UNAUTHENTICATED_USER": None,
    },
)
django.setup()

from rest_framework import serializers  # noqa: E402  # after the settings, which it reads when it is imported
from rest_framework.decorators import action, api_view  # noqa: E402
from rest_framework.pagination import CursorPagination  # noqa: E402
from rest_framework.renderers import JSONRenderer  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.routers import SimpleRouter  # noqa: E402
from rest_framework.viewsets import ReadOnlyModelViewSet  # noqa: E402


class Named(models.Model):
    """What has a name."""

    id = models.TextField(primary_key=True)
    name = models.TextField()

    class Meta:
        abstract = True


class Process(Named):
    """A process."""

    class Meta:
        app_label, managed, db_table = "peers", False, "processes"


class Party(Named):
    """A party."""

    class Meta:
        app_label, managed, db_table = "peers", False, "parties"


class Issue(Named):
    """An issue."""

    class Meta:
        app_label, managed, db_table = "peers", False, "issues"


class Source(Named):
    """A source."""

    class Meta:
        app_label, managed, db_table = "peers", False, "sources"


class Position(models.Model):
    """A position."""

    id = models.TextField(primary_key=True)
    process = models.ForeignKey(Process, models.PROTECT)
    kind = models.TextField()
    party = models.ForeignKey(Party, models.PROTECT)
    issue = models.ForeignKey(Issue, models.PROTECT, null=True)
    stance = models.TextField()
    summary = models.TextField()
    valid_from = models.TextField(null=True)
    valid_until = models.TextField(null=True)
    ended = models.BooleanField()
    salience = models.TextField()
    firmness = models.TextField(null=True)
    lifecycle = models.TextField(null=True)
    consequence = models.TextField(null=True)
    verdict = models.TextField(null=True)
    proposal_id = models.TextField(null=True)
    term_id = models.TextField(null=True)
    demand_id = models.TextField(null=True)
    note = models.TextField(null=True)
    first_reported_on = models.TextField()
    claim_status = models.TextField()
    evidence_count = models.IntegerField()
    document_count = models.IntegerField()
    origin_count = models.IntegerField()
    began_on = models.TextField()

    class Meta:
        app_label, managed, db_table = "peers", False, "positions"


class Evidence(models.Model):
    """A citation."""

    position = models.ForeignKey(Position, models.CASCADE, related_name="evidence")
    source = models.ForeignKey(Source, models.PROTECT)
    selector = models.TextField(null=True)
    digest = models.TextField(null=True)
    relation = models.TextField()
    speaker = models.ForeignKey(Party, models.PROTECT, null=True, related_name="+")
    speaker_description = models.TextField(null=True)
    mode = models.TextField()
    via = models.ForeignKey(Party, models.PROTECT, null=True, related_name="+")
    credibility = models.TextField()
    said_on = models.TextField(null=True)
    note = models.TextField(null=True)
    known_on = models.TextField()

    class Meta:
        app_label, managed, db_table, ordering = "peers", False, "evidence", ["id"]


class NamedSerializer(serializers.Serializer):
    """A reference."""

    id = serializers.CharField()
    name = serializers.CharField()


class EvidenceSerializer(serializers.ModelSerializer):
    """A citation."""

    source, speaker, via = NamedSerializer(), NamedSerializer(), NamedSerializer()

    class Meta:
        model = Evidence
        exclude = ("position",)


class PositionSerializer(serializers.ModelSerializer):
    """A position in a list."""

    process, party, issue = NamedSerializer(), NamedSerializer(), NamedSerializer()

    class Meta:
        model = Position
        exclude = ("began_on",)


class WholePositionSerializer(PositionSerializer):
    """A position by itself."""

    evidence = EvidenceSerializer(many=True)


class HitSerializer(NamedSerializer):
    """What a search found."""

    highlight = serializers.CharField()


class CellSerializer(serializers.ModelSerializer):
    """The latest position of a party on an issue."""

    party, issue = NamedSerializer(), NamedSerializer()

    class Meta:
        model = Position
        fields = (
            "party", "issue", "stance", "id", "summary", "kind", "valid_from", "valid_until", "ended", "first_reported_on",
            "claim_status", "document_count", "origin_count",
        )  # fmt: skip


class ById(CursorPagination):
    """Pages in order of the id. They have no total."""

    ordering = "id"
    page_size = 50


class PositionViewSet(ReadOnlyModelViewSet):
    """Positions."""

    queryset = Position.objects.select_related("process", "party", "issue")
    pagination_class = ById

    def get_serializer_class(self) -> Any:
        """The record has its evidence."""
        return WholePositionSerializer if self.action == "retrieve" else PositionSerializer

    def get_queryset(self) -> Any:
        """Narrowed by the party."""
        found = super().get_queryset()
        if self.action == "retrieve":
            return found.prefetch_related(
                models.Prefetch("evidence", Evidence.objects.select_related("source", "speaker", "via"))
            )
        party = self.request.query_params.get("party")
        return found.filter(party_id=party) if party else found

    @action(detail=False)
    def matrix(self, _request: Any) -> Response:
        """The latest position of each party on each issue."""
        place = Window(RowNumber(), partition_by=[F("party_id"), F("issue_id")], order_by=["-began_on", "-id"])
        ranked = self.queryset.filter(issue__isnull=False).annotate(place=place).filter(place=1)
        return Response({"data": CellSerializer(ranked, many=True).data})


@api_view()
def search(request: Any) -> Response:
    """Positions whose summary has the words, the best first, with what was found marked."""
    q, limit = request.query_params["q"], int(request.query_params.get("limit", 50))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM search WHERE search MATCH %s", [q])
        (total,) = cursor.fetchone()
        cursor.execute(
            "SELECT id, summary, highlight(search, 0, '<mark>', '</mark>') FROM search WHERE search MATCH %s "
            "ORDER BY rank LIMIT %s",
            [q, limit],
        )
        hits = [dict(zip(("id", "name", "highlight"), row, strict=True)) for row in cursor]
    return Response({"data": HitSerializer(hits, many=True).data, "total": total, "next": None})


def export_csv(_request: Any) -> StreamingHttpResponse:
    """Every position as CSV."""
    rows = PositionViewSet.queryset.order_by("id").iterator()
    return StreamingHttpResponse(csv_lines(rows), content_type="text/csv")


def export_ndjson(_request: Any) -> StreamingHttpResponse:
    """Every position as a line of JSON."""
    renderer, serializer = JSONRenderer(), PositionSerializer()

    def lines() -> Iterator[bytes]:
        for one in PositionViewSet.queryset.order_by("id").iterator():
            yield renderer.render(serializer.to_representation(one)) + b"\n"

    return StreamingHttpResponse(lines(), content_type="application/x-ndjson")


router = SimpleRouter(trailing_slash=False)
router.register("positions", PositionViewSet)
urlpatterns = [
    path("search", search),
    path("export.csv", export_csv),
    path("export.ndjson", export_ndjson),
    path("", include(router.urls)),
]
app = get_wsgi_application()
