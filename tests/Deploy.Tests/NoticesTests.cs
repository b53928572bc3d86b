using System.Text.RegularExpressions;

namespace RenderFarm.Deploy.Tests;

public sealed partial class NoticesTests
{
    [Fact]
    public void Every_package_is_named_with_its_licence()
    {
        var notices = Checkout.Read("THIRD-PARTY-NOTICES.md");
        var packages = Packages().Matches(Checkout.Read("Directory.Packages.props")).Select(match => match.Groups[1].Value).ToList();

        Assert.NotEmpty(packages);
        var unnamed = packages.Where(package => !Families(package).Any(name => notices.Contains(name, StringComparison.Ordinal)));
        Assert.True(!unnamed.Any(), $"THIRD-PARTY-NOTICES.md does not name {string.Join(", ", unnamed)}.");
    }

    // OpenTelemetry.Extensions.Hosting is named when OpenTelemetry is; Microsoft alone names nothing.
    private static IEnumerable<string> Families(string package)
    {
        var parts = package.Split('.');
        var shortest = parts[0] is "Microsoft" or "System" ? 2 : 1;
        return Enumerable.Range(shortest, Math.Max(1, parts.Length - shortest + 1)).Select(length => string.Join('.', parts.Take(length)));
    }

    [GeneratedRegex("<PackageVersion Include=\"([^\"]+)\"")]
    private static partial Regex Packages();
}
