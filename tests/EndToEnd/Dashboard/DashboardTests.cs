using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.TestKit;

namespace RenderFarm.EndToEnd.Dashboard;

/// <summary>What people do on the dashboard, in a real browser before a real farm.</summary>
public sealed partial class DashboardTests(DashboardFarm farm) : IClassFixture<DashboardFarm>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_job_from_the_form_fills_its_page_with_pictures_without_a_reload()
    {
        await using var browser = await farm.SignedInAsync();
        var page = browser.Page;
        await browser.OpenAsync("/new", "New job");
        await page.FillAsync("#settings\\.prompt", "a pizza on a blue background");
        await page.FillAsync("#count", "12");
        // Steps enough for the page to be seen between two of them.
        await page.FillAsync("#settings\\.steps", "60");
        await page.FillAsync("#settings\\.seed", "42");
        await page.FillAsync("#name", "pizzas");
        await page.GetByRole(AriaRole.Button, new() { Name = "Submit job" }).ClickAsync();

        await browser.AddressIsAsync(JobAddress());
        await page.EvaluateAsync("window.stayed = true");
        await browser.H1.Filter(new() { HasText = "pizzas" }).WaitForAsync();
        await page.Locator("[data-frame=rendering]").Filter(new() { HasTextRegex = StepText() }).First.WaitForAsync();
        await browser.PhotographAsync("job-running");
        await browser.StateIsAsync("Completed");
        await page.WaitForFunctionAsync("() => document.querySelectorAll('[data-frame=rendered] img').length === 12 && [...document.images].every(image => image.complete && image.naturalWidth === 128)");
        await browser.PhotographAsync("job-completed");

        Assert.True(await page.EvaluateAsync<bool>("window.stayed"));
        Assert.Empty(browser.Complaints);
    }

    [Fact]
    public async Task Wrong_fields_get_the_messages_of_the_API_beside_them()
    {
        await using var browser = await farm.SignedInAsync();
        var page = browser.Page;
        await browser.OpenAsync("/new", "New job");
        await page.FillAsync("#settings\\.steps", "0");
        await page.FillAsync("#settings\\.width", "100");
        await page.FillAsync("#settings\\.guidance", "-1");
        await page.GetByRole(AriaRole.Button, new() { Name = "Submit job" }).ClickAsync();
        await page.Locator("[data-fault]").First.WaitForAsync();
        await browser.PhotographAsync("new-job-faults");
        var shown = await page.EvaluateAsync<Dictionary<string, string>>("Object.fromEntries([...document.querySelectorAll('[data-fault]')].map(fault => [fault.dataset.fault, fault.textContent]))");

        Assert.Equal(await ErrorsOfTheApiAsync(), shown);

        await page.FillAsync("#count", "many");
        await page.GetByRole(AriaRole.Button, new() { Name = "Submit job" }).ClickAsync();
        await page.Locator("[data-fault=count]").Filter(new() { HasText = "Must be a whole number; got 'many'." }).WaitForAsync();
        Assert.EndsWith("/new", page.Url, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_job_is_cancelled_only_after_the_question()
    {
        var job = await SubmitAsync("to be stopped", 100_000);
        await using var browser = await farm.SignedInAsync();
        var page = browser.Page;
        await browser.OpenAsync($"/jobs/{job.Id}", "to be stopped");
        await browser.StateIsAsync("Running");
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Keep it" }).ClickAsync();
        Assert.Equal(JobState.Running, (await farm.Client.GetJobAsync(job.Id, Token)).State);

        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel", Exact = true }).ClickAsync();
        await browser.PhotographAsync("job-cancel");
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel the job" }).ClickAsync();
        await browser.StateIsAsync("Cancelled");

        Assert.Equal(JobState.Cancelled, (await farm.Client.GetJobAsync(job.Id, Token)).State);
        Assert.Equal(0, await page.GetByRole(AriaRole.Button, new() { Name = "Cancel", Exact = true }).CountAsync());
    }

    [Fact]
    public async Task Of_a_job_of_a_million_images_only_those_in_view_are_drawn()
    {
        var job = await SubmitAsync("a million", 1_000_000, JobClass.Batch);
        await using var browser = await farm.SignedInAsync();
        var page = browser.Page;
        await browser.OpenAsync($"/jobs/{job.Id}?from=999950", "a million");
        await page.Locator("[data-frame=waiting]").Filter(new() { HasText = "#999999" }).WaitForAsync();
        Assert.Equal(50, await page.Locator("[data-frame]").CountAsync());

        await page.GetByRole(AriaRole.Link, new() { Name = "Previous" }).ClickAsync();
        await page.Locator("[data-frame]").Filter(new() { HasText = "#999854" }).WaitForAsync();
        await browser.AddressIsAsync(new Regex("from=999854$"));
        Assert.Equal(96, await page.Locator("[data-frame]").CountAsync());
        await farm.Client.CancelJobAsync(job.Id, Token);
    }

    [Fact]
    public async Task The_list_of_jobs_is_searched_and_walked_with_the_keyboard()
    {
        foreach (var name in new[] { "walk one", "walk two", "other walk" })
        {
            var job = await SubmitAsync(name, 1000, JobClass.Batch);
            await farm.Client.CancelJobAsync(job.Id, Token);
        }

        await using var browser = await farm.SignedInAsync();
        var page = browser.Page;
        await browser.OpenAsync("/jobs", "Jobs");
        // The heading of a new page is given the focus a moment after it is drawn.
        await page.Locator("h1:focus").WaitForAsync();
        await page.Keyboard.PressAsync("/");
        await page.Keyboard.TypeAsync("WALK");
        await browser.AddressIsAsync(new Regex(@"/jobs\?q=WALK$"));
        await page.WaitForFunctionAsync("() => document.querySelectorAll('[data-row]').length === 3");
        await page.Keyboard.PressAsync("Escape");
        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("k");
        await browser.PhotographAsync("jobs-keyboard");
        await page.Keyboard.PressAsync("Enter");

        await browser.AddressIsAsync(JobAddress());
        await browser.H1.Filter(new() { HasText = "walk two" }).WaitForAsync();
        await page.GoBackAsync();
        await page.WaitForFunctionAsync("() => document.querySelectorAll('[data-row]').length === 3");
        await page.GetByRole(AriaRole.Link, new() { Name = "Completed" }).ClickAsync();
        await browser.AddressIsAsync(new Regex(@"/jobs\?state=completed&q=WALK$"));
        await page.Locator(".empty").WaitForAsync();
    }

    [Fact]
    public async Task No_page_scrolls_sideways_on_a_telephone()
    {
        var job = await SubmitAsync("a name so long that it has to wrap on the narrow screen of a telephone " + new string('x', 60), 4);
        await EndOfAsync(job.Id);
        await using var browser = await farm.SignedInAsync(390, 844);
        foreach (var (path, heading) in new[] { ("/", "Overview"), ("/jobs", "Jobs"), ($"/jobs/{job.Id}?frame=1", "a name so long"), ("/workers", "Workers"), ("/models", "Models"), ("/new", "New job"), ("/nowhere", "Nothing is here") })
        {
            await browser.OpenAsync(path, heading);
            await browser.Page.Locator("main .card").First.WaitForAsync();
            await browser.PhotographAsync($"telephone-{heading.Replace(' ', '-')}", whole: true);
            Assert.True(await browser.ScrollWidthAsync() <= 390, $"{path} is {await browser.ScrollWidthAsync()} px wide.");
        }
    }

    [Fact]
    public async Task The_theme_follows_the_system_until_it_is_chosen()
    {
        await using var light = await farm.SignedInAsync(theme: ColorScheme.Light);
        Assert.Equal("rgb(245, 247, 250)", await light.BackgroundAsync());
        await light.PhotographAsync("overview-light");

        await light.Page.GetByRole(AriaRole.Button, new() { Name = "Theme" }).ClickAsync();
        Assert.Equal("rgb(14, 17, 22)", await light.BackgroundAsync());
        await light.OpenAsync("/workers", "Workers");
        Assert.Equal("rgb(14, 17, 22)", await light.BackgroundAsync());
    }

    [Fact]
    public async Task The_overview_shows_what_the_worker_renders_now()
    {
        // Until the page has shown it: a small job would be over before the browser is there.
        var job = await SubmitAsync("overview", 100_000, steps: 16);
        await using var browser = await farm.SignedInAsync();
        var page = browser.Page;
        await page.Locator(".worker").Filter(new() { HasText = "local" }).Filter(new() { HasTextRegex = StepText() }).WaitForAsync();
        await page.Locator(".strip img").First.WaitForAsync();
        await browser.PhotographAsync("overview");
        Assert.Matches(JobHref(), await page.Locator(".strip a").First.GetAttributeAsync("href"));
        await page.WaitForFunctionAsync("() => document.querySelectorAll('.strip img').length === 12");
        await farm.Client.CancelJobAsync(job.Id, Token);
        Assert.Empty(browser.Complaints);
    }

    [Fact]
    public async Task A_browser_without_a_session_signs_in_with_the_key_and_out_again()
    {
        await using var browser = await farm.NewBrowserAsync();
        var page = browser.Page;
        await page.GotoAsync("/workers");
        await page.FillAsync("#key", "rf_wrong");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await page.GetByRole(AriaRole.Alert).WaitForAsync();
        await browser.PhotographAsync("sign-in");
        await page.FillAsync("#key", farm.Key);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await browser.H1.Filter(new() { HasText = "Workers" }).WaitForAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await browser.AddressIsAsync(new Regex("/login$"));
        await page.Locator("#key").WaitForAsync();
        await page.GotoAsync("/workers");
        Assert.Contains("/login", page.Url, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_that_leads_nowhere_says_so()
    {
        await using var browser = await farm.SignedInAsync();
        var answer = await browser.Page.GotoAsync("/no/such/page");
        await browser.H1.Filter(new() { HasText = "Nothing is here" }).WaitForAsync();
        Assert.Equal(404, answer!.Status);

        await browser.OpenAsync($"/jobs/{Guid.Empty}", "No such job");
    }

    [Fact]
    public async Task A_page_says_that_the_farm_is_away_and_comes_back_with_it()
    {
        using var folder = new TemporaryFolder();
        await using var browser = await farm.NewBrowserAsync();
        var page = browser.Page;
        Uri address;
        await using (var first = await DashboardFarm.StartAsync(folder.Path, port: 0))
        {
            address = first.Address;
            await page.GotoAsync(first.SignInAddress.ToString());
            await page.Locator(".kpis").WaitForAsync();
            await page.GotoAsync(new Uri(address, "jobs?q=away").ToString());
            await page.Locator(".empty").WaitForAsync();
            await page.EvaluateAsync("window.before = true");
        }

        await page.Locator(".reconnect:visible").First.WaitForAsync();
        await browser.PhotographAsync("farm-away");
        await using var second = await DashboardFarm.StartAsync(folder.Path, address.Port);
        await page.WaitForFunctionAsync("() => !window.before && document.querySelector('[data-search]')");
        await page.FillAsync("[data-search]", "back");
        await browser.AddressIsAsync(new Regex(@"/jobs\?q=back$"));
    }

    private Task<JobView> SubmitAsync(string name, long count, JobClass jobClass = JobClass.Standard, int steps = 4) => farm.Client.SubmitAsync(
        new JobRequest { Name = name, Class = jobClass, Count = count, Settings = new() { Prompt = "a red apple on a green background", Steps = steps, Seed = 7 } }, cancellationToken: Token);

    private async Task EndOfAsync(Guid job)
    {
        await foreach (var _ in farm.Client.WatchAsync(job, Token))
        {
            // It ends with the job.
        }
    }

    private async Task<Dictionary<string, string>> ErrorsOfTheApiAsync()
    {
        using var http = new HttpClient { BaseAddress = farm.Address };
        http.DefaultRequestHeaders.Add("X-Api-Key", farm.Key);
        using var answer = await http.PostAsJsonAsync("/v1/jobs", new { settings = new { prompt = "", steps = 0, width = 100, guidance = -1 } }, Token);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>(Token);
        return problem.GetProperty("errors").EnumerateObject().ToDictionary(error => error.Name, error => error.Value[0].GetString()!);
    }

    [GeneratedRegex("/jobs/[0-9a-f-]{36}$")]
    private static partial Regex JobAddress();

    [GeneratedRegex("^jobs/[0-9a-f-]{36}$")]
    private static partial Regex JobHref();

    [GeneratedRegex(@"step \d+/\d+")]
    private static partial Regex StepText();
}
