using System.Text;
using RenderFarm.ServiceDefaults.ModelStore;

namespace RenderFarm.ServiceDefaults.Tests.ModelStore;

public sealed class ModelManifestTests
{
    private static readonly string Sha256 = new('a', 64);

    private static readonly string Good = $$"""
        {"name":"photos","digest":"{{new string('b', 64)}}","family":"sd1","defaultWidth":512,"defaultHeight":512,"sizeMultiple":64,"weightBytes":7,
         "prediction":"epsilon","files":[{"path":"unet/model.onnx","sha256":"{{Sha256}}","bytes":7}]}
        """;

    [Fact]
    public void A_manifest_is_read_back_as_it_was_written()
    {
        var manifest = ModelManifest.Read(Encoding.UTF8.GetBytes(Good));
        Assert.Equal(("photos", "epsilon", 512, 7L), (manifest.Name, manifest.Prediction, manifest.DefaultWidth, manifest.Bytes));
        Assert.Equal(new StoredFile("unet/model.onnx", Sha256, 7), Assert.Single(manifest.Files));
        Assert.Equal(Encoding.UTF8.GetString(manifest.Write()), Encoding.UTF8.GetString(ModelManifest.Read(manifest.Write()).Write()));
    }

    [Theory]
    [InlineData("\"name\":\"photos\",", "", "name")]
    [InlineData("\"photos\"", "\"\"", "'name'")]
    [InlineData("bbbb", "BBBB", "'digest'")]
    [InlineData("\"sd1\"", "\"\"", "'family'")]
    [InlineData("\"sizeMultiple\":64", "\"sizeMultiple\":0", "'sizeMultiple'")]
    [InlineData("\"epsilon\"", "\"v\"", "'prediction'")]
    [InlineData("aaaa", "zzzz", "'sha256' of unet/model.onnx")]
    [InlineData("\"bytes\":7", "\"bytes\":-1", "'bytes' of unet/model.onnx")]
    [InlineData("\"bytes\":7", "\"bytes\":9223372036854775807", "'bytes' of unet/model.onnx")]
    [InlineData("]}", ",{\"path\":\"vae/model.onnx\",\"sha256\":\"SHA\",\"bytes\":1099511627776}]}", "together")]
    [InlineData("{\"path\":\"unet/model.onnx\",", "{", "path")]
    [InlineData("unet/model.onnx", "../model.onnx", "'../model.onnx'")]
    [InlineData("unet/model.onnx", "/model.onnx", "'/model.onnx'")]
    [InlineData("unet/model.onnx", "unet//model.onnx", "'unet//model.onnx'")]
    [InlineData("unet/model.onnx", "c:/model.onnx", "'c:/model.onnx'")]
    [InlineData("unet/model.onnx", "unet\\\\model.onnx", "plain names")]
    [InlineData("unet/model.onnx", ".ranges", "'.ranges'")]
    [InlineData("]}", ",{\"path\":\"UNET/model.onnx\",\"sha256\":\"SHA\",\"bytes\":7}]}", "twice")]
    [InlineData("[{", "[null,{", "is null")]
    [InlineData("\"photos\"", "null", "name")]
    [InlineData("\"unet/model.onnx\"", "null", "path")]
    [InlineData("]}", "", "depth")]
    public void What_is_wrong_with_a_manifest_is_named(string good, string bad, string named)
    {
        var json = Good.Replace(good, bad.Replace("SHA", Sha256, StringComparison.Ordinal), StringComparison.Ordinal);
        var fault = Assert.Throws<ModelManifestException>(() => ModelManifest.Read(Encoding.UTF8.GetBytes(json)));
        Assert.Contains(named, fault.Message, StringComparison.Ordinal);
    }
}
