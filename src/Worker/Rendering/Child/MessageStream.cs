using System.Buffers.Binary;
using System.Text.Json;
using RenderFarm.Shared;

namespace RenderFarm.Worker.Rendering.Child;

/// <summary>Messages on a pipe: four bytes of length, the lowest first, and then JSON.</summary>
internal static class MessageStream
{
    private const int PrefixBytes = 4;

    // Far above any batch; a length beyond it is something else than a message.
    private const int MaxBytes = 16 << 20;

    /// <summary>A message as it goes on the pipe.</summary>
    public static ReadOnlyMemory<byte> Encode<T>(T message)
    {
        using var buffer = new MemoryStream();
        buffer.SetLength(PrefixBytes);
        buffer.Position = PrefixBytes;
        JsonSerializer.Serialize(buffer, message, FarmJson.Options);
        var bytes = buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.Span, bytes.Length - PrefixBytes);
        return bytes;
    }

    /// <summary>The next message; null when the pipe has ended, be it in the middle of one.</summary>
    /// <exception cref="InvalidDataException">What came is no message.</exception>
    public static async Task<T?> ReadAsync<T>(Stream pipe, CancellationToken cancellationToken)
        where T : class
    {
        var prefix = new byte[PrefixBytes];
        if (await pipe.ReadAtLeastAsync(prefix, PrefixBytes, throwOnEndOfStream: false, cancellationToken) < PrefixBytes)
        {
            return null;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(prefix);
        if (length is < 2 or > MaxBytes)
        {
            throw new InvalidDataException($"A message of {length} bytes was announced; 2 to {MaxBytes} are allowed.");
        }

        var body = new byte[length];
        if (await pipe.ReadAtLeastAsync(body, length, throwOnEndOfStream: false, cancellationToken) < length)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<T>(body, FarmJson.Options) ?? throw new InvalidDataException("A message is null.");
        }
        catch (Exception ex) when (ex is JsonException or NotSupportedException)
        {
            throw new InvalidDataException($"A message is not {typeof(T).Name}: {ex.Message}", ex);
        }
    }
}
