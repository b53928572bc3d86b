namespace RenderFarm.TestKit.Services;

/// <summary>The variables that name the servers and programs a test run stands on.</summary>
public static class TestEnvironment
{
    /// <summary>The variable's value; without one the test fails and says how to get it.</summary>
    public static string Require(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value
            ? value
            : throw new InvalidOperationException(
                $"{variable} is not set. Run ./eng/test, or eval \"$(eng/services env)\" before a single test project.");

    /// <summary>The browser that drives the dashboard.</summary>
    public static string Chromium => Require("RENDERFARM_TEST_CHROMIUM");

    /// <summary>The Helm program.</summary>
    public static string Helm => Require("RENDERFARM_TEST_HELM");

    /// <summary>The compose program, which may be two words.</summary>
    public static string Compose => Require("RENDERFARM_TEST_COMPOSE");

    /// <summary>The folder whose node_modules hold the linters.</summary>
    public static string Tools => Require("RENDERFARM_TEST_TOOLS");

    /// <summary>A name that no other test of any run on the same servers has.</summary>
    internal static string NewName(string prefix) => $"{prefix}{Guid.NewGuid():N}"[..(prefix.Length + 16)];
}
