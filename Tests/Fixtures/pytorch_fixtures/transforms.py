"""torchvision's transforms that draw nothing."""

from .files import Collection, Values
from .vision import functional


def make(arguments):
    collection = Collection("transforms")
    values = Values("transforms")
    colour = values.integers((5, 4, 3), 0, 256).byte()
    grey = values.integers((4, 6, 1), 0, 256).byte()
    colour[0, 0], grey[0, 0] = 255, 0
    tensors = {name: functional.to_tensor(image.numpy()) for name, image in (("colour", colour), ("grey", grey))}

    def record(name, operation, options, given, output):
        collection.cases.append({
            "name": name,
            "operation": operation,
            "options": options,
            "input": collection.tensor(f"{name}/input", given),
            "output": collection.tensor(f"{name}/output", output),
        })

    record("to_tensor_colour", "to_tensor", {}, colour, tensors["colour"])
    record("to_tensor_grey", "to_tensor", {}, grey, tensors["grey"])
    for name, image, options in (
        ("normalize_cifar", "colour", dict(mean=[0.5] * 3, std=[0.5] * 3)),
        ("normalize_imagenet", "colour", dict(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])),
        ("normalize_mnist", "grey", dict(mean=[0.1307], std=[0.3081])),
    ):
        record(name, "normalize", options, tensors[image], functional.normalize(tensors[image], **options))
    given = tensors["colour"]
    record("horizontal_flip", "hflip", {}, given, functional.hflip(given))
    record("vertical_flip", "vflip", {}, given, functional.vflip(given))
    crop = dict(top=1, left=2, height=3, width=2)
    record("crop", "crop", crop, given, functional.crop(given, **crop))
    for name, size in (("center_crop", [3, 2]), ("center_crop_odd", [2, 3])):
        record(name, "center_crop", dict(output_size=size), given, functional.center_crop(given, size))
    for mode in ("constant", "edge", "reflect", "symmetric"):
        options = dict(padding=[1, 2, 2, 1], padding_mode=mode)
        record(f"pad_{mode}", "pad", options, given, functional.pad(given, **options))
    return collection.write(arguments.output)
