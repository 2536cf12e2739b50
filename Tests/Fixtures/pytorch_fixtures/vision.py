"""torchvision without its compiled operators, which need not match the torch beside them."""

import sys
import types

sys.modules.setdefault(
    "torchvision._meta_registrations", types.ModuleType("torchvision._meta_registrations")
)

import torchvision.models as models  # noqa: E402
import torchvision.transforms.functional as functional  # noqa: E402

__all__ = ["functional", "models"]
