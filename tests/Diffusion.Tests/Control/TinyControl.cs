using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Google.Protobuf;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Onnx;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Control;

/// <summary>
/// Gives a tiny model a ControlNet: the UNet's skip connections and middle get inputs to add, as exporters write them, and a small network
/// of convolutions over the picture, the latents and the timestep fills them.
/// </summary>
internal static partial class TinyControl
{
    private const string UnetFile = "unet/model.onnx";
    private const string Picture = "controlnet_cond";

    /// <summary>A UNet that takes residuals, and a network that makes them.</summary>
    public static void AddTo(CopiedModel model)
    {
        var residuals = ControlResidual.Of(ModelFolder.Open(model.Folder).Parts);
        var unet = Controllable(model, residuals);
        unet.Graph.Input.AddRange(residuals.Select(residual => Value(residual.Name, -1, residual.Channels, -1, -1)));
        File.WriteAllBytes(model.PathOf(UnetFile), unet.ToByteArray());

        var control = new ModelProto { IrVersion = unet.IrVersion, Graph = new GraphProto { Name = "control" } };
        control.OpsetImport.AddRange(unet.OpsetImport);
        control.Graph.Input.AddRange(unet.Graph.Input.Where(input => input.Name is "sample" or "timestep" or "encoder_hidden_states"));
        control.Graph.Input.Add(Value(Picture, -1, 3, -1, -1));
        control.Graph.Output.AddRange(residuals.Select(residual => Value(residual.Name, -1, residual.Channels, -1, -1)));
        AddNetwork(control.Graph, residuals, 1);
        Directory.CreateDirectory(model.PathOf("controlnet"));
        File.WriteAllBytes(model.PathOf("controlnet/model.onnx"), control.ToByteArray());
    }

    /// <summary>The same as one plain UNet, with the picture (from 0 to 1, [3, side, side]) and the strength built in.</summary>
    public static void BuildIn(CopiedModel model, float[] picture, int side, float strength)
    {
        var residuals = ControlResidual.Of(ModelFolder.Open(model.Folder).Parts);
        var unet = Controllable(model, residuals);
        NodeProto[] nodes = [.. unet.Graph.Node];
        unet.Graph.Node.Clear();
        unet.Graph.Initializer.Add(Tensor(Picture, picture, 1, 3, side, side));
        AddNetwork(unet.Graph, residuals, strength);
        unet.Graph.Node.AddRange(nodes);
        File.WriteAllBytes(model.PathOf(UnetFile), unet.ToByteArray());
    }

    /// <summary>Adds each residual where its skip connection comes in again; the last one first.</summary>
    private static ModelProto Controllable(CopiedModel model, IReadOnlyList<ControlResidual> residuals)
    {
        var unet = ModelProto.Parser.ParseFrom(File.ReadAllBytes(model.PathOf(UnetFile)));
        NodeProto[] nodes = [.. unet.Graph.Node];
        unet.Graph.Node.Clear();
        var left = residuals.Count - 1;
        foreach (var node in nodes)
        {
            if (SkipConnection().IsMatch(node.Name))
            {
                if (left == residuals.Count - 1)
                {
                    Add(0, residuals[^1]);
                }

                Add(1, residuals[--left]);
            }

            unet.Graph.Node.Add(node);

            void Add(int input, ControlResidual residual)
            {
                unet.Graph.Node.Add(new NodeProto { OpType = "Add", Input = { node.Input[input], residual.Name }, Output = { $"{residual.Name}_added" } });
                node.Input[input] = $"{residual.Name}_added";
            }
        }

        Assert.Equal(0, left);
        return unet;
    }

    private static void AddNetwork(GraphProto graph, IReadOnlyList<ControlResidual> residuals, float strength)
    {
        const int LatentFactor = 2;
        const int LatentChannels = 4;
        var random = new Random(11);
        graph.Initializer.Add(Tensor("trained", [1000], 1));
        graph.Node.Add(new NodeProto { OpType = "Div", Input = { "timestep", "trained" }, Output = { "time" } });
        foreach (var residual in residuals)
        {
            var (patch, latentPatch) = (LatentFactor << residual.Halvings, 1 << residual.Halvings);
            Convolve(Picture, 3, patch, "_seen");
            Convolve("sample", LatentChannels, latentPatch, "_drawn");
            graph.Node.Add(new NodeProto { OpType = "Mul", Input = { residual.Name + "_drawn", "time" }, Output = { residual.Name + "_timed" } });
            graph.Node.Add(new NodeProto { OpType = "Add", Input = { residual.Name + "_seen", residual.Name + "_timed" }, Output = { residual.Name } });

            void Convolve(string input, int channels, int side, string suffix)
            {
                var weights = Enumerable.Range(0, residual.Channels * channels * side * side).Select(_ => strength * (random.NextSingle() - 0.5f) / side).ToArray();
                graph.Initializer.Add(Tensor(residual.Name + suffix + ".weight", weights, residual.Channels, channels, side, side));
                var node = new NodeProto { OpType = "Conv", Input = { input, residual.Name + suffix + ".weight" }, Output = { residual.Name + suffix } };
                node.Attribute.Add(new AttributeProto { Name = "strides", Type = AttributeProto.Types.AttributeType.Ints, Ints = { side, side } });
                graph.Node.Add(node);
            }
        }
    }

    private static TensorProto Tensor(string name, float[] values, params long[] dims) => new()
    {
        Name = name,
        DataType = (int)OnnxElement.Float32,
        Dims = { dims },
        RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes<float>(values)),
    };

    private static ValueInfoProto Value(string name, params long[] shape)
    {
        var tensor = new TypeProto.Types.Tensor { ElemType = (int)OnnxElement.Float32, Shape = new TensorShapeProto() };
        tensor.Shape.Dim.AddRange(shape.Select((size, i) => size < 0
            ? new TensorShapeProto.Types.Dimension { DimParam = $"{name}_{i}" }
            : new TensorShapeProto.Types.Dimension { DimValue = size }));
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = tensor } };
    }

    [GeneratedRegex(@"^/up_blocks\.\d+/Concat(_\d+)?$")]
    private static partial Regex SkipConnection();
}
