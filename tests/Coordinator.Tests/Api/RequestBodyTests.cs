using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using RenderFarm.Coordinator.Api;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;

namespace RenderFarm.Coordinator.Tests.Api;

public sealed class RequestBodyTests
{
    [Theory]
    [InlineData("""{"settings":{"prompt":"a","stepz":5}}""", "settings.stepz", "Unknown field 'stepz'; allowed: prompt, negativePrompt, width, height, steps, guidance, guidanceRescale, promptSyntax, sampler, schedule, eta, seed, noiseSource, variationSeed, variationStrength, clipSkip, tiling, hires, loras.")]
    [InlineData("""{"modle":"emoji"}""", "modle", "Unknown field 'modle'; allowed: name, model, class, priority, count, bestOf, settings, prompts, output, retainFor, labels.")]
    [InlineData("""{"count":"five"}""", "count", "Must be a whole number; got \"five\".")]
    [InlineData("""{"count":1.5}""", "count", "Must be a whole number; got 1.5.")]
    [InlineData("""{"count":99999999999999999999}""", "count", "Must be a whole number; got 99999999999999999999.")]
    [InlineData("""{"class":"urgent"}""", "class", "Must be one of interactive, standard, batch; got \"urgent\".")]
    [InlineData("""{"class":1}""", "class", "Must be one of interactive, standard, batch; got 1.")]
    [InlineData("""{"settings":[]}""", "settings", "Must be an object; got a list.")]
    [InlineData("""{"settings":null}""", "settings", "Must not be null; leave the field out to take its default.")]
    [InlineData("""{"settings":{"steps":null}}""", "settings.steps", "Must not be null; leave the field out to take its default.")]
    [InlineData("""{"settings":{"guidance":"NaN"}}""", "settings.guidance", "Must be a number; got \"NaN\".")]
    [InlineData("""{"settings":{"prompt":{}}}""", "settings.prompt", "Must be a text; got an object.")]
    [InlineData("""{"settings":{"prompt":"\ud800"}}""", "settings.prompt", "Must be well-formed Unicode; it holds half of a surrogate pair.")]
    [InlineData("""{"settings":{"prompt":"a\u0000"}}""", "settings.prompt", "Must not contain the character U+0000.")]
    [InlineData("""{"settings":{"eta":"much"}}""", "settings.eta", "Must be a number; got \"much\".")]
    [InlineData("""{"settings":{"hires":{"steps":1.5}}}""", "settings.hires.steps", "Must be a whole number; got 1.5.")]
    [InlineData("""{"settings":{"hires":{"upscale":2}}}""", "settings.hires.upscale", "Unknown field 'upscale'; allowed: scale, width, height, upscaler, steps, strength, sampler, schedule.")]
    [InlineData("""{"settings":{"loras":["film"]}}""", "settings.loras[0]", "Must be an object; got \"film\".")]
    [InlineData("""{"settings":{"loras":[{"name":"film"},null]}}""", "settings.loras[1]", "Must be an object; got null.")]
    [InlineData("""{"settings":{"loras":[{"weight":1}]}}""", "settings.loras[0].name", "Required.")]
    [InlineData("""{"prompts":"a"}""", "prompts", "Must be a list; got \"a\".")]
    [InlineData("""{"prompts":["a",null,"b"]}""", "prompts[1]", "Must be a text; got null.")]
    [InlineData("""{"output":{"metadata":"yes"}}""", "output.metadata", "Must be true or false; got \"yes\".")]
    [InlineData("""{"labels":{"team":5}}""", "labels.team", "Must be a text; got 5.")]
    [InlineData("""{"count":1,"Count":2}""", "Count", "Given twice.")]
    [InlineData("[]", "body", "Must be an object; got a list.")]
    [InlineData("null", "body", "Must be an object; got null.")]
    public async Task A_value_that_does_not_fit_is_named_by_its_path(string json, string field, string message)
    {
        var errors = await ErrorsAsync(json);

        Assert.Equal([field], errors.Keys);
        Assert.Equal([message], errors[field]);
    }

    [Theory]
    [InlineData("""{"settings":{"guidance":NaN}}""", "Not valid JSON at line 1, byte 25: 'N' is an invalid start of a value.")]
    [InlineData("{\n  \"name\": oops }", "Not valid JSON at line 2, byte 11: 'o' is an invalid start of a value.")]
    public async Task Broken_json_is_named_by_its_place(string json, string message)
    {
        Assert.Equal(message, Assert.Single((await ErrorsAsync(json))["body"]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("""{"\ud800":1}""")]
    public async Task No_text_can_make_the_reader_throw(string json)
    {
        Assert.NotEmpty(await ErrorsAsync(json));
    }

    [Fact]
    public async Task Nesting_without_end_is_refused()
    {
        Assert.Contains("body", (await ErrorsAsync(string.Concat(Enumerable.Repeat("""{"settings":""", 5000)))).Keys);
    }

    [Fact]
    public async Task Several_faults_are_reported_at_once()
    {
        Assert.Equal(["count", "settings.stepz"], (await ErrorsAsync("""{"count":"x","settings":{"stepz":1}}""")).Keys);
    }

    [Fact]
    public async Task A_body_that_is_not_declared_as_json_is_refused()
    {
        var (_, problem) = await ReadAsync("{}", "text/plain");

        Assert.Equal(StatusCodes.Status415UnsupportedMediaType, Assert.IsType<ProblemHttpResult>(problem).StatusCode);
    }

    [Fact]
    public async Task A_good_body_becomes_the_record()
    {
        var (request, problem) = await ReadAsync("""{"name":"posters","class":"batch","count":3,"settings":{"prompt":"a pizza","seed":null},"labels":{"team":"a"}}""");

        Assert.Null(problem);
        Assert.Equal(("posters", JobClass.Batch, 3L, "a pizza"), (request!.Name, request.Class, request.Count, request.Settings.Prompt));
        Assert.Equal("a", request.Labels["team"]);
    }

    private static async Task<IDictionary<string, string[]>> ErrorsAsync(string json)
    {
        var (request, problem) = await ReadAsync(json);
        Assert.Null(request);
        return Assert.IsType<HttpValidationProblemDetails>(Assert.IsType<ProblemHttpResult>(problem).ProblemDetails).Errors;
    }

    private static Task<(JobRequest? Value, ProblemHttpResult? Problem)> ReadAsync(string json, string contentType = "application/json; charset=utf-8")
    {
        var context = new DefaultHttpContext();
        context.Request.ContentType = contentType;
        context.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(json));
        return RequestBody.ReadAsync<JobRequest>(context.Request, TestContext.Current.CancellationToken);
    }
}
