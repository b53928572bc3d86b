using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;
using RenderFarm.Coordinator.Access;
using RenderFarm.Coordinator.Dashboard;

namespace RenderFarm.Coordinator.Tests.Dashboard;

public sealed class PageProtectionTests
{
    private readonly string _key = ApiKey.Generate();

    [Fact]
    public void Another_coordinator_of_the_farm_reads_what_one_wrote()
    {
        var (one, other) = (Protection(_key).CreateProtector("a", "b"), Protection(_key).CreateProtector("a").CreateProtector("b"));

        var carried = one.Protect([1, 2, 3]);

        Assert.Equal([1, 2, 3], other.Unprotect(carried));
        Assert.NotEqual(carried, one.Protect([1, 2, 3]));
    }

    [Fact]
    public void Another_farm_another_purpose_and_a_changed_byte_are_refused()
    {
        var carried = Protection(_key).CreateProtector("a").Protect([1, 2, 3]);
        var changed = carried.ToArray();
        changed[^1] ^= 1;

        Assert.ThrowsAny<CryptographicException>(() => Protection(ApiKey.Generate()).CreateProtector("a").Unprotect(carried));
        Assert.ThrowsAny<CryptographicException>(() => Protection(_key).CreateProtector("b").Unprotect(carried));
        Assert.ThrowsAny<CryptographicException>(() => Protection(_key).CreateProtector("a").Unprotect(changed));
        Assert.ThrowsAny<CryptographicException>(() => Protection(_key).CreateProtector("a").Unprotect([1, 2, 3]));
    }

    private static PageProtection Protection(string key) => new(new FarmKey(Options.Create(new AccessOptions { Key = key }), TimeProvider.System));
}
