"""Rows of voices and captions."""

from __future__ import annotations

from topview_provider.catalog.fields import Field
from topview_provider.catalog.nouns import Listing
from topview_provider.catalog.video import LANGUAGES

VOICE_LIST = Listing(
    name="voice_list",
    title="Voice Query",
    path="/v1/voice/query",
    paged=True,
    fields=(
        Field("pageNo", "integer", default=1),
        Field("pageSize", "integer", default=20),
        Field(
            "language",
            choices=LANGUAGES,
            rule="a default exists but is not known; send explicitly",
        ),
        Field("gender", choices=("male", "female"), certainty="V"),
        Field("age", choices=("Young", "Middle Age", "Old"), certainty="V"),
        Field("style", choices=("UGC", "Advertisement", "Cartoon_And_Animals", "Influencer"), certainty="V"),
        Field("accent", rule="see list below", certainty="V"),
        Field(
            "isCustom", "string(bool)", choices=("true",), rule="only own clones; leave out otherwise", certainty="V"
        ),
        Field("voiceName", rule="name filter, unproven", certainty="C"),
    ),
    items_key="data",
    answer={
        "total": "integer",
        "pageNo": "integer",
        "pageSize": "integer",
        "data[]": "array[object]",
        "data[].voiceId": "string",
        "data[].voiceName": "string",
        "data[].gender": "string",
        "data[].age": "string",
        "data[].style": "string",
        "data[].accent": "string",
        "data[].demoAudioUrl": "string",
        "data[].bestSupportLanguage": "string",
        "data[].language": "string",
        "data[].durations": "number",
    },
    docs=("https://docs.topview.ai/reference/voice_query", "Apifox EN api-273646924"),
)

CAPTION_LIST = Listing(
    name="caption_list",
    title="Caption List",
    path="/v1/caption/list",
    answer={"[].captionId": "string", "[].thumbnail": "string"},
    docs=("Apifox EN api-289343428",),
)

LISTINGS = (VOICE_LIST, CAPTION_LIST)
