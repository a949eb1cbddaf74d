"""Sensors: wait for a task that something else submitted, or that an operator left behind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from topview_provider.sensors.base import TopviewTaskSensor


class TopviewMarketingVideoSensor(TopviewTaskSensor):
    """
    Wait for an avatar marketing video.

    :param script_id: Only the video of this script; by default all. (templated)
    :param preview: Wait for previews instead of exports. (templated)
    """

    family = "marketing_video"
    template_fields: Sequence[str] = (*TopviewTaskSensor.template_fields, "script_id", "preview")

    def __init__(self, *, script_id: str | int | None = None, preview: bool | str = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.script_id = script_id
        self.preview = preview

    def judge(self) -> dict[str, str]:
        """Return what decides: the list of previews or exports, and the script."""
        return self.judged({"preview": self.preview, self.row.item_id_key: self.script_id})


class TopviewMarketingVideoExportSensor(TopviewTaskSensor):
    """
    Wait for an export of a marketing video.

    A sensor does not know which video was there before the export; where a script is exported more than once, let
    :class:`TopviewMarketingVideoExportOperator` wait itself.

    :param script_id: The exported script. (templated)
    """

    family = "marketing_video_export"
    template_fields: Sequence[str] = (*TopviewTaskSensor.template_fields, "script_id")

    def __init__(self, *, script_id: str | int = "0", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.script_id = script_id

    def judge(self) -> dict[str, str]:
        """Return what decides: the exported script."""
        return self.judged({self.row.item_id_key: self.script_id})


class TopviewVideoAvatarSensor(TopviewTaskSensor):
    """Wait for a video avatar."""

    family = "video_avatar"


class TopviewScraperSensor(TopviewTaskSensor):
    """Wait for a scraped product page."""

    family = "scraper"


class TopviewPhotoAvatarSensor(TopviewTaskSensor):
    """Wait for a photo avatar."""

    family = "photo_avatar"


class TopviewVideoToAvatarSensor(TopviewTaskSensor):
    """Wait for an avatar made from a video."""

    family = "video_to_avatar"


class TopviewProductAvatarV1ReplaceImageSensor(TopviewTaskSensor):
    """Wait for pictures of a product in an avatar's hand (v1)."""

    family = "product_avatar_v1_replace_image"


class TopviewProductAvatarV1VideoSensor(TopviewTaskSensor):
    """Wait for a product avatar video (v1)."""

    family = "product_avatar_v1_video"


class TopviewProductAvatarV2ReplaceImageSensor(TopviewTaskSensor):
    """Wait for pictures of a product in an avatar's hand (v2)."""

    family = "product_avatar_v2_replace_image"


class TopviewProductAvatarV2VideoSensor(TopviewTaskSensor):
    """Wait for a product avatar video (v2)."""

    family = "product_avatar_v2_video"


class TopviewAnyshootV1Sensor(TopviewTaskSensor):
    """Wait for AnyShoot pictures."""

    family = "anyshoot_v1"


class TopviewAnyshootV2ProductModelSensor(TopviewTaskSensor):
    """Wait for AnyShoot pictures with a model."""

    family = "anyshoot_v2_product_model"


class TopviewAnyshootV2ProductBackgroundSensor(TopviewTaskSensor):
    """Wait for AnyShoot pictures with a background."""

    family = "anyshoot_v2_product_background"


class TopviewRemoveBackgroundSensor(TopviewTaskSensor):
    """Wait for a picture without background."""

    family = "remove_background"


class TopviewImageToVideoV1Sensor(TopviewTaskSensor):
    """Wait for clips made from a picture."""

    family = "image_to_video_v1"


class TopviewImageTranslateSensor(TopviewTaskSensor):
    """Wait for the translation of a picture's texts."""

    family = "image_translate"


class TopviewImageTranslateGenerateSensor(TopviewTaskSensor):
    """Wait for the translated pictures of one picture."""

    family = "image_translate_generate"


class TopviewImageTranslateBatchSensor(TopviewTaskSensor):
    """Wait for the translated pictures of many."""

    family = "image_translate_batch"


class TopviewVoiceCloneSensor(TopviewTaskSensor):
    """Wait for a voice clone."""

    family = "voice_clone"


class TopviewTextToVoiceSensor(TopviewTaskSensor):
    """Wait for a spoken text."""

    family = "text_to_voice"
