using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace RenderFarm.EndToEnd.Dashboard;

/// <summary>One page of a browser of its own; it remembers what the browser complained about.</summary>
public sealed class BrowserPage : IAsyncDisposable
{
    /// <summary>Milliseconds that anything may take: pictures are rendered on whatever processor there is.</summary>
    public const int Patience = 180_000;

    private readonly IBrowserContext _context;
    private readonly string _pictures;
    private readonly ConcurrentQueue<string> _complaints = new();

    public BrowserPage(IBrowserContext context, IPage page, string pictures)
    {
        _context = context;
        _pictures = pictures;
        Page = page;
        page.PageError += (_, fault) => _complaints.Enqueue(fault);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                _complaints.Enqueue(message.Text);
            }
        };
    }

    public IPage Page { get; }

    public ILocator H1 => Page.Locator("h1");

    /// <summary>Errors of scripts, refusals by the content security policy, files that did not come.</summary>
    public IReadOnlyCollection<string> Complaints => _complaints;

    public Task<int> ScrollWidthAsync() => Page.EvaluateAsync<int>("document.documentElement.scrollWidth");

    public Task<string> BackgroundAsync() => Page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");

    /// <summary>Follows an address inside the application and waits for its heading.</summary>
    public async Task OpenAsync(string path, string heading)
    {
        await Page.GotoAsync(path);
        await H1.Filter(new() { HasText = heading }).WaitForAsync();
    }

    /// <summary>Waits for an address; not for the page to be loaded, which is over where a part of a page was replaced.</summary>
    public Task AddressIsAsync(Regex address) => Assertions.Expect(Page).ToHaveURLAsync(address, new() { Timeout = Patience });

    /// <summary>Text of the one state badge of the page's head.</summary>
    public Task StateIsAsync(string state) => Page.Locator(".page-head .badge").Filter(new() { HasText = state }).WaitForAsync();

    public async Task PhotographAsync(string name, bool whole = false)
    {
        var path = Path.Combine(_pictures, name + ".png");
        await Page.ScreenshotAsync(new() { Path = path, FullPage = whole });
        TestContext.Current.SendDiagnosticMessage("Screenshot: {0}", path);
    }

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();
}
