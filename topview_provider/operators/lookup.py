"""Lists to choose from: voices, avatars, captions, ethnicities. All of them are free."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.providers.common.compat.sdk import BaseOperator, Context

from topview_provider.operators.listing import TopviewListOperator


class TopviewVoiceListOperator(TopviewListOperator):
    """
    List voices.

    Returns ``voiceId``, ``voiceName``, ``gender``, ``age``, ``style``, ``accent``, ``language``,
    ``bestSupportLanguage`` of each, None where TopView does not say; it names the language under one of the last two.
    ``fields`` may name ``demoAudioUrl`` and ``durations`` too.

    :param page_no: First page to read; 1 by default. (templated)
    :param page_size: Items per page; 20 by default. (templated)
    :param language: Language such as ``en``; TopView has a default of its own but does not say which. (templated)
    :param gender: ``male`` or ``female``. (templated)
    :param age: ``Young``, ``Middle Age`` or ``Old``. (templated)
    :param style: ``UGC``, ``Advertisement``, ``Cartoon_And_Animals`` or ``Influencer``. (templated)
    :param accent: Accent such as ``American``. (templated)
    :param is_custom: ``True`` for own clones only; leave out otherwise. (templated)
    :param voice_name: Name to look for; unproven. (templated)

    Source: https://docs.topview.ai/reference/voice_query
    """

    listing = "voice_list"

    def __init__(
        self,
        *,
        page_no: int | str | None = None,
        page_size: int | str | None = None,
        language: str | None = None,
        gender: str | None = None,
        age: str | None = None,
        style: str | None = None,
        accent: str | None = None,
        is_custom: bool | str | None = None,
        voice_name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.page_no = page_no
        self.page_size = page_size
        self.language = language
        self.gender = gender
        self.age = age
        self.style = style
        self.accent = accent
        self.is_custom = is_custom
        self.voice_name = voice_name


class TopviewAvatarListOperator(TopviewListOperator):
    """
    List avatars.

    Returns ``aiavatarId``, ``aiavatarName``, ``gender``, ``voiceoverIdDefault``, ``type`` (0 traditional, 1 zero-shot,
    2 photo) of each. ``fields`` may name ``coverUrl``, ``previewVideoUrl``, ``thumbnailUrl``, ``ethnicities`` and
    ``faceSquareConfig`` too.

    :param page_no: First page to read; 1 by default. (templated)
    :param page_size: Items per page; 20 by default. (templated)
    :param gender: ``male`` or ``female``. (templated)
    :param ethnicity_id_list: Ids of the ethnicity list, joined by commas. (templated)
    :param sort_field: Such as ``createTime``; unproven. (templated)
    :param sort_type: ``asc`` or ``desc``; unproven. (templated)
    :param is_custom: ``True`` = own avatars (video avatar source 2), otherwise public ones (source 1). (templated)

    Source: Apifox EN api-273646925
    """

    listing = "avatar_list"

    def __init__(
        self,
        *,
        page_no: int | str | None = None,
        page_size: int | str | None = None,
        gender: str | None = None,
        ethnicity_id_list: str | None = None,
        sort_field: str | None = None,
        sort_type: str | None = None,
        is_custom: bool | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.page_no = page_no
        self.page_size = page_size
        self.gender = gender
        self.ethnicity_id_list = ethnicity_id_list
        self.sort_field = sort_field
        self.sort_type = sort_type
        self.is_custom = is_custom


class TopviewEthnicityListOperator(TopviewListOperator):
    """
    List ethnicities, to filter avatars by. TopView does not document the answer: a page or a bare list is read.

    Returns ``ethnicityId``, ``ethnicityName`` of each.

    :param scene: ``video_avatar`` or ``product_avatar``. (templated)
    :param page_no: First page to read. (templated)
    :param page_size: Items per page. (templated)

    Source: Apifox EN api-296774803
    """

    listing = "ethnicity_list"

    def __init__(
        self,
        *,
        scene: str,
        page_no: int | str | None = None,
        page_size: int | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.scene = scene
        self.page_no = page_no
        self.page_size = page_size


class TopviewCaptionListOperator(TopviewListOperator):
    """
    List caption styles.

    Returns ``captionId``, ``thumbnail`` of each.

    Source: Apifox EN api-289343428
    """

    listing = "caption_list"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)


class TopviewProductAvatarCategoryListOperator(TopviewListOperator):
    """
    List the categories of public product avatars; one list serves v1 and v2.

    Returns ``categoryId``, ``categoryName`` of each.

    Source: Apifox EN api-297455986
    """

    listing = "product_avatar_category_list"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)


class TopviewProductAvatarPublicListOperator(TopviewListOperator):
    """
    List public product avatars; one list serves v1 and v2.

    Returns ``avatarId``, ``gender``, ``voiceoverId``, ``avatarImagePath`` of each. ``fields`` may name
    ``avatarCategoryList``, ``avatarEthnicityList``, ``objectMaskImageInfo`` (JSON text: x, y, width, height) and
    ``minSubsType`` (lowest plan that may use it) too.

    :param ethnicity_ids: Ids of the ethnicity list with ``scene="product_avatar"``, joined by commas. (templated)
    :param gender: ``female`` or ``male``. (templated)
    :param sorting_type: ``Popularity`` (TopView's default) or ``Newest``. (templated)
    :param category_ids: Ids of the category list, joined by commas. (templated)
    :param page_no: First page to read; 1 by default. (templated)
    :param page_size: Items per page; 20 by default. (templated)

    Source: https://docs.topview.ai/reference/get_new-endpoint-41
    """

    listing = "product_avatar_public_list"

    def __init__(
        self,
        *,
        ethnicity_ids: str | None = None,
        gender: str | None = None,
        sorting_type: str | None = None,
        category_ids: str | None = None,
        page_no: int | str | None = None,
        page_size: int | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.ethnicity_ids = ethnicity_ids
        self.gender = gender
        self.sorting_type = sorting_type
        self.category_ids = category_ids
        self.page_no = page_no
        self.page_size = page_size


class TopviewAnyshootTemplateCategoryListOperator(TopviewListOperator):
    """
    List the categories of AnyShoot templates.

    Returns ``categoryId``, ``categoryName`` of each.

    Source: Apifox EN api-304968056
    """

    listing = "anyshoot_template_category_list"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)


class TopviewAnyshootTemplateListOperator(TopviewListOperator):
    """
    List AnyShoot templates.

    Returns ``templateId``, ``coverUrl`` of each. ``fields`` may name ``templateCategoryList`` too.

    :param category_ids: Ids of the category list, joined by commas. (templated)
    :param style: ``UGC`` or ``Pro``. (templated)
    :param page_no: First page to read; 1 by default. (templated)
    :param page_size: Items per page; 20 by default. (templated)

    Source: Apifox CN api-301900700
    """

    listing = "anyshoot_template_list"

    def __init__(
        self,
        *,
        category_ids: str | None = None,
        style: str | None = None,
        page_no: str | None = None,
        page_size: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.category_ids = category_ids
        self.style = style
        self.page_no = page_no
        self.page_size = page_size


class TopviewChooseVoiceOperator(BaseOperator):
    """
    Find a voice by its name and return its ``voiceId``.

    Without a name that is the first that fits, or an empty text, which a task operator leaves out of its request.

    :param name: Name or id, as a person writes it; may be empty. (templated)
    :param first_if_empty: Without a name: True takes the first that fits, False none, so that TopView chooses.
    :param language: Language such as ``en``. (templated)
    :param gender: ``male`` or ``female``. (templated)
    :param is_custom: ``True`` for own clones only. (templated)
    :param topview_conn_id: Airflow connection of type TopView. (templated)
    :raises TopviewInvalidRequest: There is none, or more than one; the text lists near matches.

    Source: https://docs.topview.ai/reference/voice_query
    """

    template_fields: Sequence[str] = ("name", "language", "gender", "is_custom", "topview_conn_id")
    ui_color = "#e6e0ff"

    def __init__(
        self,
        *,
        name: str = "",
        first_if_empty: bool = True,
        language: str | None = None,
        gender: str | None = None,
        is_custom: bool | str | None = None,
        topview_conn_id: str = "topview_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.first_if_empty = first_if_empty
        self.language = language
        self.gender = gender
        self.is_custom = is_custom
        self.topview_conn_id = topview_conn_id

    def execute(self, context: Context) -> str:
        """Find the voice and return its id, or an empty text: of None, Airflow would say that an XCom is missing."""
        if not (self.name or "").strip() and not self.first_if_empty:
            return ""
        from topview_provider.hooks.topview import TopviewHook

        filters = {"language": self.language, "gender": self.gender, "is_custom": self.is_custom}
        return TopviewHook(self.topview_conn_id).choose_voice(self.name or "", **filters)


class TopviewChooseAvatarOperator(BaseOperator):
    """
    Find an avatar by its name and return its ``aiavatarId``.

    Without a name that is the first that fits, or an empty text, which a task operator leaves out of its request.

    :param name: Name or id, as a person writes it; may be empty. (templated)
    :param first_if_empty: Without a name: True takes the first that fits, False none, so that TopView chooses.
    :param gender: ``male`` or ``female``. (templated)
    :param is_custom: ``True`` for own avatars only. (templated)
    :param topview_conn_id: Airflow connection of type TopView. (templated)
    :raises TopviewInvalidRequest: There is none, or more than one; the text lists near matches.

    Source: Apifox EN api-273646925
    """

    template_fields: Sequence[str] = ("name", "gender", "is_custom", "topview_conn_id")
    ui_color = "#e6e0ff"

    def __init__(
        self,
        *,
        name: str = "",
        first_if_empty: bool = True,
        gender: str | None = None,
        is_custom: bool | str | None = None,
        topview_conn_id: str = "topview_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.first_if_empty = first_if_empty
        self.gender = gender
        self.is_custom = is_custom
        self.topview_conn_id = topview_conn_id

    def execute(self, context: Context) -> str:
        """Find the avatar and return its id, or an empty text: of None, Airflow would say that an XCom is missing."""
        if not (self.name or "").strip() and not self.first_if_empty:
            return ""
        from topview_provider.hooks.topview import TopviewHook

        filters = {"gender": self.gender, "is_custom": self.is_custom}
        return TopviewHook(self.topview_conn_id).choose_avatar(self.name or "", **filters)
