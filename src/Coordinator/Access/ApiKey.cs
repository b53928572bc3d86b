using System.Buffers.Binary;
using System.Buffers.Text;
using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text;

namespace RenderFarm.Coordinator.Access;

/// <summary>The farm's key: <c>rf_</c>, 256 random bits as 43 base64url characters, and 6 characters of checksum, so that a cut or mistyped key is told from a wrong one.</summary>
public static class ApiKey
{
    /// <summary>What generated keys start with, so that secret scanners and people know one when they see it.</summary>
    public const string Prefix = "rf_";

    /// <summary>Characters of a generated key.</summary>
    public const int Length = 3 + 43 + 6;

    /// <summary>A new key.</summary>
    public static string Generate()
    {
        var body = Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        return body + Checksum(body);
    }

    /// <summary>What is kept and compared instead of the key.</summary>
    public static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    /// <summary>Whether this starts like a generated key but is cut or mistyped.</summary>
    public static bool IsDamaged(string key) =>
        key.StartsWith(Prefix, StringComparison.Ordinal) && (key.Length != Length || Checksum(key[..^6]) != key[^6..]);

    private static string Checksum(string body)
    {
        Span<byte> crc = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(crc, Crc32.HashToUInt32(Encoding.UTF8.GetBytes(body)));
        return Base64Url.EncodeToString(crc);
    }
}
