/// The operations that layers and losses are made of, without parameters of their own (PyTorch's
/// `torch.nn.functional`).
public enum Functional {}
