using Google.Protobuf;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Onnx;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Safety;

/// <summary>A safety checker with the inputs and outputs of an exported one, which flags pictures that are brighter than a threshold.</summary>
internal static class TinyChecker
{
    public const int Side = 32;

    public static void AddTo(CopiedModel model, float threshold, bool takesPictures = true)
    {
        Directory.CreateDirectory(model.PathOf("safety_checker"));
        Directory.CreateDirectory(model.PathOf("feature_extractor"));
        model.Write("feature_extractor/preprocessor_config.json", $$"""{ "size": { "shortest_edge": {{Side}} }, "crop_size": { "height": {{Side}}, "width": {{Side}} } }""");
        File.WriteAllBytes(model.PathOf("safety_checker/model.onnx"), Network(threshold, takesPictures).ToByteArray());
    }

    private static ModelProto Network(float threshold, bool takesPictures)
    {
        var mean = new NodeProto { OpType = "ReduceMean", Input = { "clip_input" }, Output = { "brightness" } };
        mean.Attribute.Add(new AttributeProto { Name = "axes", Type = AttributeProto.Types.AttributeType.Ints, Ints = { 1, 2, 3 } });
        mean.Attribute.Add(new AttributeProto { Name = "keepdims", Type = AttributeProto.Types.AttributeType.Int, I = 0 });
        var graph = new GraphProto
        {
            Name = "checker",
            Node = { mean, new NodeProto { OpType = "Greater", Input = { "brightness", "threshold" }, Output = { "has_nsfw_concepts" } } },
            Initializer = { new TensorProto { Name = "threshold", DataType = (int)OnnxElement.Float32, FloatData = { threshold } } },
            Input = { Value("clip_input", OnnxElement.Float32, -1, 3, Side, Side) },
            Output = { Value("has_nsfw_concepts", OnnxElement.Bool, -1) },
        };
        if (takesPictures)
        {
            graph.Input.Add(Value("images", OnnxElement.Float32, -1, -1, -1, 3));
            graph.Output.Add(Value("out_images", OnnxElement.Float32, -1, -1, -1, 3));
            graph.Node.Add(new NodeProto { OpType = "Identity", Input = { "images" }, Output = { "out_images" } });
        }

        return new ModelProto { IrVersion = 8, Graph = graph, OpsetImport = { new OperatorSetIdProto { Version = 17 } } };
    }

    private static ValueInfoProto Value(string name, OnnxElement element, params ReadOnlySpan<long> shape)
    {
        var tensor = new TypeProto.Types.Tensor { ElemType = (int)element, Shape = new TensorShapeProto() };
        foreach (var size in shape)
        {
            tensor.Shape.Dim.Add(size < 0 ? new TensorShapeProto.Types.Dimension { DimParam = $"size_{tensor.Shape.Dim.Count}" } : new TensorShapeProto.Types.Dimension { DimValue = size });
        }

        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = tensor } };
    }
}
