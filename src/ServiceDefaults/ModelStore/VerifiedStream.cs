using System.Security.Cryptography;

namespace RenderFarm.ServiceDefaults.ModelStore;

/// <summary>A file on its way into the store, hashed as it is read: where it is not what it is said to be, its last bytes are never given, so that no store completes it.</summary>
internal sealed class VerifiedStream(Stream content, StoredFile file) : Stream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _read;

    /// <summary>Whether it had another length or another SHA-256.</summary>
    public bool IsWrong { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => file.Bytes;

    public override long Position
    {
        get => _read;
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        var read = content.Read(buffer);
        Verify(buffer[..read], buffer.Length);
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await content.ReadAsync(buffer, cancellationToken);
        Verify(buffer.Span[..read], buffer.Length);
        return read;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        _hash.Dispose();
        await content.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _hash.Dispose();
            content.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Verify(ReadOnlySpan<byte> read, int asked)
    {
        _hash.AppendData(read);
        _read += read.Length;
        var endsEarly = read.IsEmpty && asked > 0 && _read < file.Bytes;
        if (endsEarly || _read > file.Bytes || (_read == file.Bytes && !read.IsEmpty && Convert.ToHexStringLower(_hash.GetCurrentHash()) != file.Sha256))
        {
            IsWrong = true;
            throw new IOException($"The file '{file.Path}' is not the one that was hashed.");
        }
    }
}

/// <summary>A file of a model that is to be stored is not, or no more, what its digest says.</summary>
public sealed class ModelFileChangedException(StoredFile file, Exception? inner = null)
    : Exception($"The file '{file.Path}' is not the one with {file.Bytes} bytes and the SHA-256 {file.Sha256} any more.", inner)
{
    /// <summary>The file.</summary>
    public StoredFile File { get; } = file;
}
