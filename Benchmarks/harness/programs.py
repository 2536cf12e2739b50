"""What is run: the five programs, and how long."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Length:
    """Steps of a run. `ours` may be more than the peers' where a step is shorter, so that each run takes a while."""

    ours: int
    peers: int
    warm_up: int
    block: int


@dataclass(frozen=True)
class Program:
    name: str
    batch_size: int
    quick: Length
    full: Length
    #: How often its few samples are repeated, so that there is something to time.
    repeat: int = 0
    #: Written with ranks by hand: it is started once for each, and its times are those of its epochs.
    is_manual: bool = False
    #: A line that is printed after the first step, in a run of one step.
    first_line: bytes = b""

    def length(self, is_quick):
        return self.quick if is_quick else self.full


PROGRAMS = {
    program.name: program
    for program in (
        Program(
            "fashion-mnist", 32, Length(900, 300, 64, 16), Length(3000, 1000, 128, 16), first_line=b"loss: "
        ),
        Program(
            "mnist-two-machines", 64, Length(128, 200, 64, 16), Length(256, 600, 128, 16),
            is_manual=True, first_line=b"Epoch: 1,",
        ),
        Program(
            "toy", 2, Length(6000, 1000, 128, 16), Length(20000, 4000, 512, 16), repeat=800, first_line=b"[rank 0] "
        ),
        Program(
            "template", 32, Length(6000, 1000, 128, 16), Length(20000, 4000, 512, 16),
            repeat=800, first_line=b"Epoch 1, loss",
        ),
        Program(
            "cifar10-resnet18", 16, Length(36, 24, 4, 4), Length(100, 60, 12, 4), first_line=b"Epoch 1, test"
        ),
    )
}

#: Epochs of a program with ranks by hand: the first is the warm-up, the others are the blocks.
MANUAL_EPOCHS = {True: 7, False: 13}
