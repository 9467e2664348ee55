"""The same graphs as TorchScript: FX graph mode quantisation, to compare with ONNX Runtime's."""
