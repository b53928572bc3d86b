using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using RenderFarm.Coordinator.Access;

namespace RenderFarm.Coordinator.Dashboard;

/// <summary>
/// Hides and signs what a page carries from its first request to its circuit, by AES-GCM with a key made from the farm's: any
/// coordinator goes on with a page that another one sent, and nothing is kept on disk.
/// </summary>
internal sealed class PageProtection : IDataProtectionProvider
{
    private readonly FarmKey _farmKey;
    private readonly string _purpose;

    public PageProtection(FarmKey farmKey)
        : this(farmKey, "renderfarm page")
    {
    }

    private PageProtection(FarmKey farmKey, string purpose)
    {
        _farmKey = farmKey;
        _purpose = purpose;
    }

    public IDataProtector CreateProtector(string purpose)
    {
        // The length keeps ("a", "bc") apart from ("ab", "c").
        var chained = $"{_purpose}\n{purpose.Length}:{purpose}";
        return new Protector(new PageProtection(_farmKey, chained), _farmKey.Derive(chained));
    }

    private sealed class Protector(PageProtection inner, byte[] key) : IDataProtector
    {
        private static readonly int NonceBytes = AesGcm.NonceByteSizes.MaxSize;
        private static readonly int TagBytes = AesGcm.TagByteSizes.MaxSize;

        public IDataProtector CreateProtector(string purpose) => inner.CreateProtector(purpose);

        public byte[] Protect(byte[] plaintext)
        {
            var sealedBytes = new byte[NonceBytes + TagBytes + plaintext.Length];
            var nonce = sealedBytes.AsSpan(0, NonceBytes);
            RandomNumberGenerator.Fill(nonce);
            using var cipher = new AesGcm(key, TagBytes);
            cipher.Encrypt(nonce, plaintext, sealedBytes.AsSpan(NonceBytes + TagBytes), sealedBytes.AsSpan(NonceBytes, TagBytes));
            return sealedBytes;
        }

        public byte[] Unprotect(byte[] protectedData)
        {
            if (protectedData.Length < NonceBytes + TagBytes)
            {
                throw new CryptographicException("What the page carried is cut short.");
            }

            var plaintext = new byte[protectedData.Length - NonceBytes - TagBytes];
            using var cipher = new AesGcm(key, TagBytes);
            cipher.Decrypt(protectedData.AsSpan(0, NonceBytes), protectedData.AsSpan(NonceBytes + TagBytes), protectedData.AsSpan(NonceBytes, TagBytes), plaintext);
            return plaintext;
        }
    }
}
