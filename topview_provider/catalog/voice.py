"""Rows of voices and captions."""

from __future__ import annotations

from topview_provider.catalog.fields import Field
from topview_provider.catalog.nouns import (
    PAGE,
    PAGING,
    TASK_STATE,
    Echo,
    Listing,
    Output,
    PriceGuard,
    TaskFamily,
    items,
)
from topview_provider.catalog.video import LANGUAGES

VOICE_LIST = Listing(
    name="voice_list",
    title="Voice Query",
    path="/v1/voice/query",
    paged=True,
    fields=(
        *PAGING,
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
    columns=("voiceId", "voiceName", "gender", "age", "style", "accent", "language", "bestSupportLanguage"),
    answer={
        **PAGE,
        **items(
            "data[]",
            {
                "voiceId": "string",
                "voiceName": "string",
                "gender": "string",
                "age": "string",
                "style": "string",
                "accent": "string",
                "demoAudioUrl": "string",
                "bestSupportLanguage": "string",
                "language": "string",
                "durations": "number",
            },
        ),
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

VOICE_CLONE = TaskFamily(
    name="voice_clone",
    title="Voice: voice clone",
    submit="/v1/voice/clone/task/submit",
    query="/v1/voice/clone/task/query",
    fields=(
        Field("originVoiceFileId", required=True, rule="mp3 or wav, 10 s to 5 min, under 10 MB", certainty="V"),
        Field("name", rule="defaults to the task id", certainty="V"),
        Field("voiceText", rule="text of the recording; improves quality", certainty="V"),
        Field("voiceSpeed", "number", default=1.0, minimum=0.8, maximum=1.2, certainty="V"),
    ),
    outputs=(Output("audio", "voice.demoAudioUrl"),),
    values={"voice_id": "voice.voiceId"},
    title_path="voice.voiceName",
    callback="VOICE_CLONE",
    charge=1,
    expected_seconds=60,
    poll_seconds=5,
    timeout_seconds=600,
    price="1",
    price_guard=PriceGuard(1),
    answer={**TASK_STATE, **items("voice", {"voiceId": "string", "voiceName": "string", "demoAudioUrl": "string"})},
    docs=("vendor client only",),
    certainty="V",
)

TEXT_TO_VOICE = TaskFamily(
    name="text_to_voice",
    title="Voice: text_to_voice",
    submit="/v1/voice/text2voice/task/submit",
    query="/v1/voice/text2voice/task/query",
    fields=(
        Field("voiceText", required=True, certainty="V"),
        Field("voiceId", required=True, rule="from voice_list", certainty="V"),
        Field("name", rule="label", certainty="V"),
        Field("voiceSpeed", "number", default=1.0, minimum=0.8, maximum=1.2, certainty="V"),
        Field("emotionName", rule="happy, sad, angry ...; full list unknown", certainty="V"),
        Field("originVoiceFileId", certainty="V"),
        Field(
            "pronRules",
            "array[object]",
            children=(
                Field("oldStr", certainty="V"),
                Field("newStr", certainty="V"),
            ),
            rule="pronunciation replacements",
            certainty="V",
        ),
        Field("boardId", rule="links the task to a board; the answers then carry board ids", certainty="V"),
    ),
    outputs=(Output("audio", "voice.demoAudioUrl", duration="voice.durations", duration_ms=1000),),
    values={"voice_id": "voice.voiceId"},
    cost_key="costCredit",
    callback="VOICE_TEXT2VOICE",
    charge=0.1,
    expected_seconds=15,
    poll_seconds=3,
    timeout_seconds=300,
    price="0.1",
    price_guard=PriceGuard(0.1),
    echo=Echo("board_task_list", under="parameters", needs=("boardId",), filters=("boardId",)),
    answer={
        **TASK_STATE,
        "costCredit": "number",
        **items("voice", {"voiceId": "string", "demoAudioUrl": "string", "durations": "number"}),
    },
    docs=("https://docs.topview.ai/reference/get_new-endpoint-35 (query)",),
    certainty="V",
)

CUSTOM_VOICE_DELETE = Listing(
    name="custom_voice_delete",
    title="Delete Custom Voice",
    path="/v1/voice/clone/delete",
    method="DELETE",
    action=True,
    fields=(Field("voiceId", required=True, rule="query parameter", certainty="V"),),
    answer={"(result)": "null or any"},
    docs=("vendor client only",),
    certainty="V",
)
