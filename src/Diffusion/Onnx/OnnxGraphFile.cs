using Google.Protobuf;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Models.Reading;

namespace RenderFarm.Diffusion.Onnx;

/// <summary>A network's graph without its weights, small enough to be edited and loaded from memory, and the table of where the weights lie.</summary>
internal sealed record OnnxGraphFile(string Path, ModelProto Model, WeightTable Weights)
{
    /// <summary>Where the external data of a skeleton is looked for: the session option for models that are loaded from memory.</summary>
    public const string FolderOption = "session.model_external_initializers_file_folder_path";

    /// <summary>The folder that all data lies in: the network's own, or where its links lead.</summary>
    public string Folder { get; private init; } = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!;

    /// <summary>The files of the weights that lie outside the network's, as they are called beside it.</summary>
    private IReadOnlyList<string> DataFiles { get; init; } = [];

    /// <summary>Reads the graph and checks where all its tensors lie.</summary>
    /// <exception cref="ModelFolderException">It is no ONNX model, or a tensor lies where it may not.</exception>
    public static OnnxGraphFile Read(string path)
    {
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        try
        {
            var model = Skeleton.Read(path);
            string[] files = [.. Tensors.Of(model).Select(tensor => ExternalData.Of(tensor, folder)?.File).OfType<string>().Distinct()];
            var place = FollowLinks(model, folder, files);
            return new OnnxGraphFile(path, model, new WeightTable(model.Graph, place))
            {
                Folder = place,
                DataFiles = [.. files.Where(file => file != System.IO.Path.GetFileName(path))],
            };
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
        return new OnnxSignature([.. inputs.Select(Value)], [.. Model.Graph.Output.Select(Value)], Weights.Element)
        {
            DataFiles = DataFiles,
        };

        static OnnxValue Value(ValueInfoProto value) => new(
            value.Name,
            (OnnxElement)(value.Type?.TensorType?.ElemType ?? 0),
            value.Type?.TensorType?.Shape?.Dim.Select(dim => dim.HasDimValue ? dim.DimValue : -1).ToArray());
    }

    /// <summary>The files that the weights lie in.</summary>
    public IEnumerable<string> WeightFiles() => Locations(Model).Select(entry => entry.Value).Distinct().Select(file => System.IO.Path.Combine(Folder, file));

    /// <summary>The skeleton as a model that a session loads, with <see cref="FolderOption"/> set to <see cref="Folder"/>.</summary>
    public byte[] ToBytes() => Model.ToByteArray();

    /// <summary>Names the files that links lead to, as the runtime opens none outside the folder that it is told. The answer is their folder.</summary>
    private static string FollowLinks(ModelProto model, string folder, string[] files)
    {
        var originals = files.ToDictionary(file => file, file => FileState.Original(System.IO.Path.Combine(folder, file)), StringComparer.Ordinal);
        string[] places = [.. originals.Values.Select(file => System.IO.Path.GetDirectoryName(file)!).Distinct()];
        if (places.Length > 1)
        {
            throw new InvalidDataException($"its weights lie in several folders, {string.Join(" and ", originals.Select(link => $"'{link.Key}' in {System.IO.Path.GetDirectoryName(link.Value)}"))}; allowed is one, so copy the files to where the links are");
        }

        foreach (var location in Locations(model))
        {
            location.Value = System.IO.Path.GetFileName(originals[location.Value]);
        }

        return places is [var place] ? place : folder;
    }

    private static IEnumerable<StringStringEntryProto> Locations(ModelProto model) =>
        Tensors.Of(model).SelectMany(tensor => tensor.ExternalData).Where(entry => entry.Key == ExternalData.LocationKey);
}
