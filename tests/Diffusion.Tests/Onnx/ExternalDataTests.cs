using Google.Protobuf;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Onnx;
using RenderFarm.TestKit;

namespace RenderFarm.Diffusion.Tests.Onnx;

public sealed class ExternalDataTests : IDisposable
{
    private static readonly Dictionary<string, Func<TensorProto, ModelProto>> Places = new()
    {
        ["initializer"] = tensor => Of(new GraphProto { Initializer = { tensor } }),
        ["sparse values"] = tensor => Of(new GraphProto { SparseInitializer = { new SparseTensorProto { Values = tensor } } }),
        ["sparse indices"] = tensor => Of(new GraphProto { SparseInitializer = { new SparseTensorProto { Indices = tensor } } }),
        ["attribute"] = tensor => Of(new AttributeProto { T = tensor }),
        ["attribute of tensors"] = tensor => Of(new AttributeProto { Tensors = { new TensorProto(), tensor } }),
        ["sparse attribute"] = tensor => Of(new AttributeProto { SparseTensor = new SparseTensorProto { Values = tensor } }),
        ["attribute of sparse tensors"] = tensor => Of(new AttributeProto { SparseTensors = { new SparseTensorProto { Indices = tensor } } }),
        ["branch"] = tensor => Of(new AttributeProto { G = new GraphProto { Initializer = { tensor } } }),
        ["branch of a branch"] = tensor => Of(new AttributeProto { Graphs = { Of(new AttributeProto { G = Of(new AttributeProto { T = tensor }).Graph }).Graph } }),
        ["function"] = tensor => new ModelProto { Graph = new GraphProto(), Functions = { new FunctionProto { Node = { new NodeProto { Attribute = { new AttributeProto { T = tensor } } } } } } },
        ["function's default"] = tensor => new ModelProto { Graph = new GraphProto(), Functions = { new FunctionProto { AttributeProto = { new AttributeProto { T = tensor } } } } },
        ["training"] = tensor => new ModelProto { Graph = new GraphProto(), TrainingInfo = { new TrainingInfoProto { Algorithm = new GraphProto { Initializer = { tensor } } } } },
    };

    private readonly TemporaryFolder _folder = new();

    public ExternalDataTests() => File.WriteAllBytes(_folder.File("weights.bin"), new byte[64]);

    public static TheoryData<string> PlaceNames => [.. Places.Keys];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(PlaceNames))]
    public void A_tensor_anywhere_may_lie_in_a_file_beside_the_model(string place) =>
        OnnxGraphFile.Read(Save(Places[place](OnnxBytes.Tensor("W", [16], ("location", "weights.bin")))));

    [Theory]
    [MemberData(nameof(PlaceNames))]
    public void A_tensor_anywhere_that_lies_outside_the_folder_is_refused(string place)
    {
        var problem = Refused(Places[place](OnnxBytes.Tensor("W", [16], ("location", "../secret"))));

        Assert.Contains("'W'", problem, StringComparison.Ordinal);
        Assert.Contains("'../secret'", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("")]
    [InlineData("folder/weights.bin")]
    [InlineData("./weights.bin")]
    [InlineData("..\\secret")]
    [InlineData("C:weights.bin")]
    [InlineData("weights.bin\0")]
    [InlineData("*/_ORT_MEM_ADDR_/*")]
    public void A_location_that_is_no_plain_file_name_is_refused(string location) =>
        Assert.Contains($"'{location}'", Refused(Initializer([16], ("location", location))), StringComparison.Ordinal);

    [Theory]
    [InlineData("offset", "65", "'weights.bin' from 65")]
    [InlineData("offset", "9223372036854775807", "9223372036854775807")]
    [InlineData("offset", "-4", "'-4' as offset")]
    [InlineData("offset", "four", "'four' as offset")]
    [InlineData("offset", "4", "from 4 for 64 bytes, but the file has 64")]
    [InlineData("length", "60", "60 bytes in 'weights.bin' instead of 64")]
    [InlineData("length", "18446744073709551616", "'18446744073709551616' as length")]
    [InlineData("location", "other.bin", "'location'")]
    [InlineData("prepacked_0", "x|0|64|", "'prepacked_0'")]
    public void A_part_that_is_not_in_the_file_is_refused(string key, string value, string told) =>
        Assert.Contains(told, Refused(Initializer([16], ("location", "weights.bin"), (key, value))), StringComparison.Ordinal);

    [Fact]
    public void A_file_that_is_missing_is_named() =>
        Assert.Contains("'other.bin', which is missing", Refused(Initializer([16], ("location", "other.bin"))), StringComparison.Ordinal);

    [Theory]
    [InlineData(new[] { -1L })]
    [InlineData(new[] { 1L << 40, 1L << 40 })]
    public void Sizes_that_no_file_can_have_are_refused(long[] dims) =>
        Assert.Contains("'W'", Refused(Initializer(dims, ("location", "weights.bin"))), StringComparison.Ordinal);

    private static ModelProto Of(GraphProto graph) => new() { Graph = graph };

    private static ModelProto Of(AttributeProto attribute) => Of(new GraphProto { Node = { new NodeProto { Attribute = { attribute } } } });

    private static ModelProto Initializer(long[] dims, params (string Key, string Value)[] data) => Of(new GraphProto { Initializer = { OnnxBytes.Tensor("W", dims, data) } });

    private string Refused(ModelProto model) => Assert.Throws<ModelFolderException>(() => OnnxGraphFile.Read(Save(model))).Problem;

    private string Save(ModelProto model)
    {
        var path = _folder.File("model.onnx");
        File.WriteAllBytes(path, model.ToByteArray());
        return path;
    }
}
