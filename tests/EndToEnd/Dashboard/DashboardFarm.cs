using Microsoft.Extensions.Logging;
using Microsoft.Playwright;
using RenderFarm.Cli.Hosting;
using RenderFarm.Client;
using RenderFarm.TestKit;
using RenderFarm.TestKit.Farms;
using RenderFarm.TestKit.Services;

namespace RenderFarm.EndToEnd.Dashboard;

/// <summary>An embedded farm with the bundled model, and a real browser before it.</summary>
public sealed class DashboardFarm : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private EmbeddedFarm _farm = null!;
    private IPlaywright _playwright = null!;
    private IBrowser _browser = null!;

    public Uri Address => _farm.Address;

    public Uri SignInAddress => _farm.SignInAddress;

    public string Key => _farm.Key;

    public RenderFarmClient Client { get; private set; } = null!;

    /// <summary>Where the tests leave what they saw.</summary>
    public string Pictures { get; } = Directory.CreateTempSubdirectory("renderfarm-dashboard-").FullName;

    public async ValueTask InitializeAsync()
    {
        var chromium = TestEnvironment.Chromium;
        Assert.True(File.Exists(chromium), $"RENDERFARM_TEST_CHROMIUM names {chromium}, which does not exist; the dashboard is tested in a real browser.");
        _farm = await StartAsync(_folder.Path, port: 0);
        Client = new RenderFarmClient(Address, Key);
        await Eventually.IsAsync(() => Client.ModelsAsync(), models => models.Any(model => model.Problem is null), TimeSpan.FromMinutes(3), explain: null, TestContext.Current.CancellationToken);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = chromium,
            Headless = true,
            Timeout = BrowserPage.Patience,
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--disable-dev-shm-usage", "--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
            ],
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        Client?.Dispose();
        if (_farm is not null)
        {
            await _farm.DisposeAsync();
        }

        _folder.Dispose();
    }

    /// <summary>A browser of its own, not signed in.</summary>
    public async Task<BrowserPage> NewBrowserAsync(int width = 1440, int height = 960, ColorScheme theme = ColorScheme.Dark)
    {
        var context = await _browser.NewContextAsync(new() { ViewportSize = new() { Width = width, Height = height }, ColorScheme = theme, BaseURL = Address.ToString() });
        context.SetDefaultTimeout(BrowserPage.Patience);
        return new BrowserPage(context, await context.NewPageAsync(), Pictures);
    }

    /// <summary>A browser of its own with a session.</summary>
    public async Task<BrowserPage> SignedInAsync(int width = 1440, int height = 960, ColorScheme theme = ColorScheme.Dark)
    {
        var browser = await NewBrowserAsync(width, height, theme);
        await browser.Page.GotoAsync(SignInAddress.ToString());
        await browser.Page.Locator(".kpis").WaitForAsync();
        return browser;
    }

    /// <summary>A farm with the bundled model.</summary>
    internal static Task<EmbeddedFarm> StartAsync(string folder, int port) =>
        EmbeddedFarm.StartAsync(folder, Path.Combine(Repository.Root, "models"), port, [], LogLevel.Error, CancellationToken.None);
}
