using Google.Protobuf;
using RenderFarm.Diffusion.Models;

namespace RenderFarm.Diffusion.Onnx;

/// <summary>A network's graph without its weights, small enough to be edited and loaded from memory, and the table of where the weights lie.</summary>
internal sealed record OnnxGraphFile(string Path, ModelProto Model, WeightTable Weights)
{
    /// <summary>Where the external data of a skeleton is looked for: the session option for models that are loaded from memory.</summary>
    public const string FolderOption = "session.model_external_initializers_file_folder_path";

    /// <summary>The folder that all data lies in.</summary>
    public string Folder { get; } = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!;

    /// <summary>Reads the graph and checks where all its tensors lie.</summary>
    /// <exception cref="ModelFolderException">It is no ONNX model, or a tensor lies where it may not.</exception>
    public static OnnxGraphFile Read(string path)
    {
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        try
        {
            var model = Skeleton.Read(path);
            foreach (var tensor in Tensors.Of(model))
            {
                ExternalData.Of(tensor, folder);
            }

            return new OnnxGraphFile(path, model, new WeightTable(model.Graph, folder));
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw new ModelFolderException(
                folder,
                System.IO.Path.GetFileName(path),
                $"It cannot be read as an ONNX model: {exception.Message.TrimEnd('.')}.",
                "Download or export the file again.",
                exception);
        }
    }

    /// <summary>The names, element types and ranks of the network's inputs and outputs, and its weights' element type.</summary>
    public OnnxSignature Signature()
    {
        // Old exports list weights among the inputs.
        var inputs = Model.Graph.Input.Where(input => !Weights.TryFind(input.Name, out _));
        var files = Tensors.Of(Model).SelectMany(tensor => tensor.ExternalData.Where(entry => entry.Key == ExternalData.LocationKey)).Select(entry => entry.Value);
        return new OnnxSignature([.. inputs.Select(Value)], [.. Model.Graph.Output.Select(Value)], Weights.Element)
        {
            DataFiles = [.. files.Distinct().Where(file => file != System.IO.Path.GetFileName(Path))],
        };

        static OnnxValue Value(ValueInfoProto value) => new(
            value.Name,
            (OnnxElement)(value.Type?.TensorType?.ElemType ?? 0),
            value.Type?.TensorType?.Shape?.Dim.Select(dim => dim.HasDimValue ? dim.DimValue : -1).ToArray());
    }

    /// <summary>The skeleton as a model that a session loads, with <see cref="FolderOption"/> set to <see cref="Folder"/>.</summary>
    public byte[] ToBytes() => Model.ToByteArray();
}
