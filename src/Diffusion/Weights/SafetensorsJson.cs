using System.Text.Json;

namespace RenderFarm.Diffusion.Weights;

/// <summary>Reads the JSON of a .safetensors header in one pass, which costs little memory whatever it holds.</summary>
internal sealed class SafetensorsJson(string file, long dataOffset, long dataBytes)
{
    /// <summary>Where the header has texts instead of a tensor.</summary>
    public const string Metadata = "__metadata__";

    private const string Missing = "it must have dtype, shape and data_offsets, each once.";

    // The largest models in use have 3,000 tensors of 5 dimensions at most.
    private const int MostTensors = 1 << 16;
    private const int MostDimensions = 8;

    // Trainers write about a hundred.
    private const int MostTexts = 4096;
    private const int LongestName = 512;
    private const int LongestToldName = 200;

    private static readonly string LongName = $"its name is longer than {LongestName} characters.";
    private static readonly string TooManyTexts = $"it has more than {MostTexts} texts.";
    private static readonly string TooMany = $"it is one more than the {MostTensors} tensors that are allowed.";

    private readonly Dictionary<string, WeightTensor> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);
    private bool _hasTexts;

    public IReadOnlyDictionary<string, WeightTensor> Tensors => _tensors;

    public IReadOnlyDictionary<string, string> Texts => _texts;

    /// <summary>The tensor that was being read; null between two.</summary>
    public string? Current { get; private set; }

    /// <summary>Throws <see cref="WeightFileException"/> for what is not as it should be, and what the reader throws where it is no JSON.</summary>
    public void Read(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new WeightFileException(file, null, $"its header is a JSON {Words(reader.TokenType)}; an object is needed.");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            Current = Told(name);
            Require(name.Length <= LongestName, LongName);
            reader.Read();
            if (name == Metadata)
            {
                ReadTexts(ref reader);
            }
            else
            {
                var tensor = ReadTensor(ref reader, name);
                Require(_tensors.TryAdd(name, tensor), "the header names it twice.");
                Require(_tensors.Count <= MostTensors, TooMany);
            }

            Current = null;
        }

        // What follows the object must be nothing.
        while (reader.Read())
        {
        }
    }

    private void ReadTexts(ref Utf8JsonReader reader)
    {
        Require(!_hasTexts && reader.TokenType == JsonTokenType.StartObject, "it must be there once and be an object of texts.");
        _hasTexts = true;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String || !_texts.TryAdd(name, reader.GetString()!))
            {
                throw Refused($"'{Told(name)}' must be there once and be a text.");
            }

            Require(_texts.Count <= MostTexts, TooManyTexts);
        }
    }

    private WeightTensor ReadTensor(ref Utf8JsonReader reader, string name)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw Refused($"it is described by a JSON {Words(reader.TokenType)}; dtype, shape and data_offsets are needed.");
        }

        TensorElement? element = null;
        long[]? shape = null, offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("dtype"u8))
            {
                Require(element is null, Missing);
                reader.Read();
                element = ElementOf(reader);
            }
            else if (reader.ValueTextEquals("shape"u8))
            {
                Require(shape is null, Missing);
                shape = ReadNumbers(ref reader, "shape", MostDimensions);
            }
            else
            {
                Require(reader.ValueTextEquals("data_offsets"u8) && offsets is null, Missing);
                offsets = ReadNumbers(ref reader, "data_offsets", 2);
            }
        }

        if (element is not { } known || shape is null || offsets is null)
        {
            throw Refused(Missing);
        }

        if (offsets.Length != 2 || offsets[0] > offsets[1] || offsets[1] > dataBytes)
        {
            throw Refused($"its data_offsets are [{string.Join(", ", offsets)}]; the data has {dataBytes} bytes.");
        }

        var bytes = offsets[1] - offsets[0];
        return BytesOf(shape, known) == bytes
            ? new WeightTensor(name, known, shape, dataOffset + offsets[0], bytes)
            : throw Refused($"its shape [{string.Join(", ", shape)}] of {known} does not fill its {bytes} bytes.");
    }

    private TensorElement ElementOf(Utf8JsonReader reader)
    {
        var dtype = reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length <= LongestToldName ? reader.GetString() : null;
        return TensorElements.Named(dtype) ?? throw Refused($"its dtype is '{dtype}'; known are {string.Join(", ", TensorElements.Names)}.");
    }

    private long[] ReadNumbers(ref Utf8JsonReader reader, string key, int most)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw Refused($"its {key} must be a list.");
        }

        Span<long> numbers = stackalloc long[most];
        var count = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var number = 0L;
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out number) || number < 0)
            {
                throw Refused($"its {key} must hold whole numbers from 0.");
            }

            if (count == most)
            {
                throw Refused($"its {key} must hold at most {most} numbers.");
            }

            numbers[count++] = number;
        }

        return [.. numbers[..count]];
    }

    /// <summary>Null where the product does not fit in 63 bits.</summary>
    private static long? BytesOf(long[] shape, TensorElement element)
    {
        Int128 bytes = element.Bytes();
        foreach (var size in shape)
        {
            // Both factors are below 2^63.
            bytes *= size;
            if (bytes > long.MaxValue)
            {
                return null;
            }
        }

        return (long)bytes;
    }

    private void Require(bool holds, string problem)
    {
        if (!holds)
        {
            throw Refused(problem);
        }
    }

    private WeightFileException Refused(string problem) => new(file, Current, problem);

    private static string Told(string name) => name.Length <= LongestToldName ? name : name[..LongestToldName];

    private static string Words(JsonTokenType token) => token switch
    {
        JsonTokenType.StartObject => "Object",
        JsonTokenType.StartArray => "Array",
        _ => $"{token}",
    };
}
