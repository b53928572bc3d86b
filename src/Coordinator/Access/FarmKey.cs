using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace RenderFarm.Coordinator.Access;

/// <summary>Tells whether a key or a browser session is good. Holds only the key's hash; sessions are signed with it, so they end when the key changes.</summary>
internal sealed class FarmKey
{
    private readonly byte[] _hash;
    private readonly TimeProvider _time;

    public FarmKey(IOptions<AccessOptions> options, TimeProvider time)
    {
        _hash = ApiKey.Hash(options.Value.Key);
        _time = time;
        SessionLifetime = options.Value.SessionLifetime;
        // Cookies do not tell ports apart: two farms on one machine need two names.
        CookieName = $"renderfarm_{Convert.ToHexStringLower(SHA256.HashData(_hash).AsSpan(0, 4))}";
    }

    public string CookieName { get; }

    public TimeSpan SessionLifetime { get; }

    public bool Matches(string key) => CryptographicOperations.FixedTimeEquals(ApiKey.Hash(key), _hash);

    public string NewSession()
    {
        var expires = (_time.GetUtcNow() + SessionLifetime).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        return $"{expires}.{Signature(expires)}";
    }

    /// <summary>32 secret bytes for one purpose, the same in every coordinator of the farm.</summary>
    public byte[] Derive(string purpose) => HKDF.Expand(HashAlgorithmName.SHA256, _hash, 32, Encoding.UTF8.GetBytes(purpose));

    public bool IsLiveSession(string session)
    {
        var dot = session.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0 || !long.TryParse(session.AsSpan(0, dot), NumberStyles.None, CultureInfo.InvariantCulture, out var expires))
        {
            return false;
        }

        var isSigned = CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(session[(dot + 1)..]), Encoding.UTF8.GetBytes(Signature(session[..dot])));
        return isSigned && expires > _time.GetUtcNow().ToUnixTimeSeconds();
    }

    private string Signature(string expires) => Base64Url.EncodeToString(HMACSHA256.HashData(_hash, Encoding.UTF8.GetBytes($"renderfarm session {expires}")));
}
