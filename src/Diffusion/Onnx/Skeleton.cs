using System.Globalization;
using Google.Protobuf;

namespace RenderFarm.Diffusion.Onnx;

/// <summary>Reads a model without its weights: the raw data of its initializers becomes external data that points into the model's own file.</summary>
internal sealed class Skeleton
{
    private const int Graph = 7;
    private const int Initializer = 5;
    private const int RawData = 9;

    // Shapes and other constants that the runtime looks at while it loads are small; they stay where they are.
    private const int SmallTensor = 1024;

    // The graph of the largest network in use takes 10 MB. What is read is parsed into objects of several times its size.
    private const long Largest = 64 << 20;

    private readonly string _file;
    private readonly ProtoReader _reader;
    private readonly ModelProto _model = new();
    private long _kept;

    private Skeleton(FileStream stream)
    {
        _file = Path.GetFileName(stream.Name);
        _reader = new ProtoReader(stream);
    }

    /// <summary>Throws <see cref="InvalidDataException"/> where the file is no ONNX model.</summary>
    public static ModelProto Read(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        return new Skeleton(stream).ReadModel();
    }

    private ModelProto ReadModel()
    {
        ReadFields(_model, _reader.Length, Graph, above: -1, ReadGraph);
        return _model.Graph is null ? throw new InvalidDataException("it holds no graph") : _model;
    }

    private void ReadGraph(long end)
    {
        _model.Graph ??= new GraphProto();
        ReadFields(_model.Graph, end, Initializer, SmallTensor, ReadInitializer);
    }

    private void ReadInitializer(long end)
    {
        var tensor = new TensorProto();
        _model.Graph.Initializer.Add(tensor);
        ReadFields(tensor, end, RawData, SmallTensor, dataEnd =>
        {
            tensor.DataLocation = TensorProto.Types.DataLocation.External;
            tensor.ExternalData.Add(Entry(ExternalData.LocationKey, _file));
            tensor.ExternalData.Add(Entry(ExternalData.OffsetKey, _reader.Position.ToString(CultureInfo.InvariantCulture)));
            tensor.ExternalData.Add(Entry(ExternalData.LengthKey, (dataEnd - _reader.Position).ToString(CultureInfo.InvariantCulture)));
        });
    }

    private static StringStringEntryProto Entry(string key, string value) => new() { Key = key, Value = value };

    /// <summary>Merges a message's fields as they are, but for those of one number and above a size, which are read apart.</summary>
    private void ReadFields(IMessage message, long end, int apart, long above, Action<long> readApart)
    {
        var run = _reader.Position;
        while (_reader.Position < end)
        {
            var start = _reader.Position;
            var (number, fieldEnd) = _reader.ReadField(end);
            var content = _reader.Position;
            if (number == apart && fieldEnd - content > above)
            {
                Merge(message, run, start);
                _reader.Position = content;
                readApart(fieldEnd);
                run = fieldEnd;
            }

            _reader.Position = fieldEnd;
        }

        Merge(message, run, end);
    }

    private void Merge(IMessage message, long start, long end)
    {
        _kept += end - start;
        if (_kept > Largest)
        {
            throw new InvalidDataException($"without its weights it is larger than {Largest >> 20} MB");
        }

        message.MergeFrom(_reader.Read(start, end));
    }
}
