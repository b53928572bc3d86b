namespace RenderFarm.Diffusion.Onnx;

/// <summary>Every tensor that a model holds, wherever it is: the runtime opens the files of all of them.</summary>
internal static class Tensors
{
    public static IEnumerable<TensorProto> Of(ModelProto model)
    {
        GraphProto?[] graphs = [model.Graph, .. model.TrainingInfo.SelectMany(info => new[] { info.Initialization, info.Algorithm })];
        var attributes = model.Functions.SelectMany(function => function.Node.SelectMany(node => node.Attribute).Concat(function.AttributeProto));
        return graphs.SelectMany(Of).Concat(attributes.SelectMany(Of));
    }

    private static IEnumerable<TensorProto> Of(GraphProto? graph) => graph is null
        ? []
        : graph.Initializer
            .Concat(graph.SparseInitializer.SelectMany(Of))
            .Concat(graph.Node.SelectMany(node => node.Attribute).SelectMany(Of));

    private static IEnumerable<TensorProto> Of(AttributeProto attribute) =>
        attribute.Tensors.Append(attribute.T).OfType<TensorProto>()
            .Concat(attribute.SparseTensors.Append(attribute.SparseTensor).SelectMany(Of))
            .Concat(attribute.Graphs.Append(attribute.G).SelectMany(Of));

    private static IEnumerable<TensorProto> Of(SparseTensorProto? sparse) =>
        new[] { sparse?.Values, sparse?.Indices }.OfType<TensorProto>();
}
