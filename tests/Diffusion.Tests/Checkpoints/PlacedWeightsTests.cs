using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Checkpoints;
using RenderFarm.Diffusion.Checkpoints.Keys;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Onnx;
using RenderFarm.Diffusion.Tests.Onnx;
using RenderFarm.Diffusion.Weights;
using RenderFarm.TestKit;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Checkpoints;

public sealed class PlacedWeightsTests : IDisposable
{
    private const string Query = "text_model.encoder.layers.0.self_attn.q_proj.weight";
    private const string Value = "text_model.encoder.layers.0.self_attn.v_proj.weight";
    private const string Projection = "text_projection.weight";
    private const string Table = "text_model.embeddings.token_embedding.weight";
    private const string Norm = "text_model.final_layer_norm.weight";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("F32")]
    [InlineData("F16")]
    [InlineData("BF16")]
    public void The_runtime_reads_thirds_transposed_and_plain_weights_of_every_precision_from_the_file(string dtype)
    {
        var files = Write(dtype, ("transformer.resblocks.0.attn.in_proj_weight", [6, 3]), ("text_projection", [2, 3]), ("ln_final.weight", [4, 1, 1]));

        // Each tensor counts on from the one before it.
        Assert.Equal([0, 1, 2, 3, 4, 5], Run(files, Query, 2, 3));
        Assert.Equal([12, 13, 14, 15, 16, 17], Run(files, Value, 2, 3));
        Assert.Equal([18, 21, 19, 22, 20, 23], Run(files, Projection, 3, 2));
        Assert.Equal([24, 25, 26, 27], Run(files, Norm, 4));
    }

    [Theory]
    [InlineData("F16")]
    [InlineData("BF16")]
    public void Rows_that_are_looked_up_become_floats_and_the_table_stays_as_it_is_stored(string dtype)
    {
        var files = Write(dtype, ("token_embedding.weight", [3, 2]));
        var (table, rows) = (Weight(Table, [3, 2]), new TensorProto { Name = "rows", DataType = (int)OnnxElement.Int64, Dims = { 2 }, Int64Data = { 2, 0 } });
        var model = Model([table, rows], new NodeProto { OpType = "Gather", Input = { table.Name, rows.Name }, Output = { "y" } });

        Assert.Equal([4, 5, 0, 1], Run(files, model, 2, 2));
        Assert.Equal(["Gather", "Cast"], model.Graph.Node.Select(node => node.OpType));
    }

    [Fact]
    public void Weights_that_are_missing_are_named_by_the_names_that_the_file_should_have()
    {
        var problem = Refused(Write("F16", ("other", [1])), (Norm, [4]), (Projection, [3, 2]));

        Assert.Equal("model.safetensors", problem.File);
        Assert.Contains("It lacks ln_final.weight, text_projection.", problem.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_weight_of_another_shape_is_named_with_both_shapes() =>
        Assert.Contains("ln_final.weight has the shape [5]; [4] is needed", Refused(Write("F16", ("ln_final.weight", [5])), (Norm, [4])).Problem, StringComparison.Ordinal);

    [Theory]
    [InlineData("F8_E4M3")]
    [InlineData("I16")]
    public void A_weight_of_elements_that_cannot_be_computed_with_is_named(string dtype) =>
        Assert.Contains("F32, F16, BF16 can be used", Refused(Write(dtype, ("ln_final.weight", [4])), (Norm, [4])).Problem, StringComparison.Ordinal);

    private static ModelFolderException Refused(WeightFiles files, params (string Name, long[] Dims)[] weights)
    {
        var graph = new GraphProto();
        graph.Initializer.AddRange(weights.Select(weight => Weight(weight.Name, weight.Dims)));
        return Assert.Throws<ModelFolderException>(() => PlacedWeights.Place(graph, files, new OpenClipKeys("")));
    }

    private static float[] Run(WeightFiles files, string name, params long[] dims)
    {
        var weight = Weight(name, dims);
        return Run(files, Model([weight], new NodeProto { OpType = "Identity", Input = { weight.Name }, Output = { "y" } }), dims);
    }

    private static float[] Run(WeightFiles files, ModelProto model, params long[] dims)
    {
        PlacedWeights.Place(model.Graph, files, new OpenClipKeys(""));
        using var options = new SessionOptions();
        options.AddSessionConfigEntry(OnnxGraphFile.FolderOption, files.Folder);
        using var session = new InferenceSession(model.ToByteArray(), options);
        using var run = new RunOptions();
        using var output = session.Run(run, new Dictionary<string, OrtValue>(), ["y"]);
        Assert.Equal(dims, output[0].GetTensorTypeAndShape().Shape);
        return output[0].GetTensorDataAsSpan<float>().ToArray();
    }

    private static ModelProto Model(TensorProto[] initializers, NodeProto node) => new()
    {
        IrVersion = 8,
        OpsetImport = { new OperatorSetIdProto { Version = 17 } },
        Graph = new GraphProto
        {
            Name = "g",
            Initializer = { initializers },
            Node = { node },
            Output = { new ValueInfoProto { Name = "y", Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = 1 } } } },
        },
    };

    private static TensorProto Weight(string name, long[] dims) => OnnxBytes.Tensor($"text_encoder.{name}", dims, ("location", "weights"), ("offset", "0"));

    private WeightFiles Write(string dtype, params (string Name, long[] Shape)[] tensors)
    {
        var path = _folder.File("model.safetensors");
        SparseCheckpoint.Write(path, tensors.ToDictionary(tensor => tensor.Name, tensor => tensor.Shape), dtype);
        var header = SafetensorsHeader.Read(path);
        using (var file = File.OpenWrite(path))
        {
            file.Position = header.DataOffset;
            for (var i = 0; i < tensors.Sum(tensor => tensor.Shape.Aggregate(1L, (count, size) => count * size)); i++)
            {
                file.Write(dtype switch
                {
                    "F32" => BitConverter.GetBytes((float)i),
                    "F16" => BitConverter.GetBytes((Half)i),
                    "BF16" => MemoryMarshal.AsBytes<ushort>([(ushort)(BitConverter.SingleToUInt32Bits(i) >> 16)]),
                    _ => [],
                });
            }
        }

        return WeightFiles.Of(path, header);
    }
}
