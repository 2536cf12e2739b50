// What a training program imports: this module and all that it joins.
@_exported import ArgumentParser
@_exported import Checkpointing
@_exported import DatasetFiles
@_exported import Launching
@_exported import OrderedCollections  // StateDictionary is one
@_exported import Torch
@_exported import TorchData
@_exported import TorchDistributed
@_exported import TorchMetrics
@_exported import TorchNN
@_exported import TorchOptim
@_exported import TorchVision
@_exported import Tracking
