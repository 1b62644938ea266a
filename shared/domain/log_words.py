"""The words of the app's own texts: a log line has no others. Written by `python -m tests.log_words`."""

WORDS = frozenset(
    """
    -poison /api/events /call-recording/ /calling/keys /chunks/ /content/ /recording /recording.json
    /recording/call/… /v1/objects/ 016x 0f 8:acs 8:acs:… @day @end @first @id @now @partition @place @row @since
    @until A A-Za-z]+ ACS ACS's ACS_CONNECTION_STRING ACS_ENDPOINT ACS_RETENTION_HOURS ACS_ROLE_ID ACS_TOPIC ARM
    ASCII AZURE_CLIENT_ID Accept-Encoding Access AccessToken AccessTokenInfo AccountKey AccountName Address After
    All An And Another Any App's Archive Args As Ask Attributes Authorization Automation Automation's Azure
    AzureWebJobsStorage BLOBOptions BLOB_OPTIONS BYOS_CONTAINERS Before Blob BlobAlreadyExists BlobArchived
    BlobBeingRehydrated BlobClient BlobNotFound BlobServiceClient BlobUsesCustomerSpecifiedEncryption
    BlockCountExceedsLimit Blocks Busy CALLBACK_AUDIENCE CALLBACK_HOSTS CALLBACK_ISSUER CALLBACK_JWKS_URL
    CALLBACK_URL CHUNKTransitions CHUNK_TRANSITIONS CLAIM_SECONDS CONTROLLED CRC-64/NVME CRC64-NVME CURRENT Call
    CallConnected CallRecording.AtRisk CallRecording.Completed CallRecording.Empty CallRecording.Failed
    CallRecording.Paused CallRecording.Resumed CallRecording.Started CallRecording.Stopped CallRecording.Stored
    CannotVerifyCopySource Channel Check Chunk CloudEvent CloudEvents Communication ConditionNotMet Container
    Content-Encoding Content-Length Content-Range Content-Type Correct DATA DECODER DELETE_FROM_ACS Data Delete
    Deploy Do Download EVENTS_TOPIC_ENDPOINT EXPORTS_CONTAINER EXPORT_MP3 Email EntityAlreadyExists EntityNotFound
    Environment Equal Event EventGrid Every FAULTS FILESTransitions FILES_TRANSITIONS Files Find Function GET GMT
    GUID GiB Give Grid HMAC-SHA256 HTTP Hand How HttpResponse Id Idempotency-Key Identity If In InvalidBlobOrBlock
    InvalidBlobType InvalidBlockId InvalidBlockList It Its JSON Keep Key Length Location LogFields
    MAX_RECORDING_HOURS MPEG Microsoft.Communication.RecordingFileStatusUpdated
    Microsoft.Communication.RecordingStateChanged Microsoft.Communication.StartRecordingFailed Most Name Names
    Neither No None Not Nothing Number OPTIONS Of One Owner PCM POST Participants PartitionKey PlatformEndpointId
    RECORDINGS_CONTAINER RECORDING_HOST_SUFFIXES RETRY_FIRST_SECONDS RETRY_MAX_SECONDS RIFF/WAVE RS256 Range Raw
    Record Recording RecordingsStorage Repeatability-First-Sent Repeatability-Request-ID ResourceNotFound
    ResourceSpecificId Retry-After RowKey SHA-256 SILENCE Secrets See Send Sender Service ServiceUri Somebody
    SourceConditionNotMet Staged Storage TIMES TRANSFER_BLOCK_BYTES Table TableServiceClient Teams That The Then
    There This Token TokenCredential TokenRequestOptions Transfers Two UNKNOWN_RECORDINGS UNSAIDOfChunk
    UNSAIDOfRecording UNSAID_OF_CHUNK UNSAID_OF_RECORDING URL URLs UTF-8 UUID UpdateConditionNotSatisfied
    UseDevelopmentStorage=true User VERIFY_SOURCE Vault Version WEBSITE_AUTH_ENABLED WEBSITE_SITE_NAME Web What When
    Where Whether Who Whoever Whose Why Z _uri a a-z]+connstr_)?(azurewebjobs(?=recordingsstorage aHR0c about absent
    accepted access accesskey account account's accountName account_key accountkey accountname acknowledged acs acs-
    acsCode acsConnectionString acsEndpoint acsRetention acsTopic acs_code acs_connection_string acs_endpoint
    acs_retention acs_topic acsstorage action active added address addressed advice after after-store again alert
    alerted alias all allRecordings all_recordings allinstancesbusy allow allowed allows already although always
    ams.gov.teams.microsoft.us an and anew announced announcedWithin announced_within another another's answer
    answerCall answered any anycrc api app app's app.example.com apphostedmediafailureoutcomegracefully
    apphostedmediafailureoutcomewitherror application/json archived are array arrive as ask asked asks asm.skype.com
    assign assignment asyncgw.teams.microsoft.com at atRisk at_risk attachment attempt attempts aud audio audio/mpeg
    audio/wav audioChannelParticipantOrdering audioVideo audio_channel_participant_ordering audiostreamfailure
    azure.eventgrid._legacy._generated._serialization azureBlob azureCommunicationServices azureblob back base64
    batch be bearer bears became because become been before began begin beginning begins begun behind being beside
    bin bits blob blobServiceUri blobUri blob_uri blobs blobstorage block blockBytes blockListDigest block_bytes
    block_list_digest blocks body both boundary brings broke built but by byIndex by_index byosContainers
    byos_containers byte bytes bytes= bytesDone bytes_done call call.info.getServerCallId callConnectionId callId
    call_connection_id call_id callback callback's callbackAudience callbackHosts callbackIssuer callbackJwksUrl
    callbackUrl callback_audience callback_hosts callback_issuer callback_jwks_url callback_url callended caller
    caller's calling calls callstarttimeout came camel can cannot carried carries case catalog cause caused changed
    changes channel channelAffinity channel_affinity channels characters chat checkHead check_head chunk chunk's
    chunk- chunk-deletions chunk-transfers chunkDocumentId chunkDuration chunkStartTime chunkcreationfailed
    chunkisbeingrecorded chunkmaximumsizeexceeded chunkmaximumtimeexceeded chunks chunkuploadfailure claim
    claimedUntil claimed_until client clientId client_id clients clock clueCallId clueServerCallId clue_call_id
    clue_server_call_id code cold column columns come commas committed comp compared completed completedAt
    completed_at completion compose composed compressed compute confirm confirmed confirms conflict connectCall
    connection connectionString connection_string connection_timeout container containers content contentBlob
    contentEtag contentLocation contentType contentVersion content_blob content_etag content_location content_type
    content_version continuation contradicts control controlVersion control_version controlled cool copied copier
    copies copy core.windows.net correct correlationId could couldnotrejoincall couldnotstart count counts crc64
    createCall createdAt created_at creating credential cursor custom_hook_policy data dataBytes dataOffset
    data_bytes data_offset datacontenttype dataschema date-time day day's day- dayLines day_lines days dead
    dead-letters deadLetters dead_letters deadline deadlines decided deeply defaultendpointsprotocol delete
    deleteFromAcs deleteLocation delete_from_acs delete_location deleted deletedAt deleted_at deletion deletions
    destroyed destroys detail deterministic dfs did differ difference differences differs digits do docstring
    document documentId document_id document_ids documentation does done double-read download drives drop drops due
    dueAt due_at duration each earliest edited effect else else's empty encoded encoding encrypted end endReason
    end_reason ended endedAt ended_at endpoint endpoint=https://NAME.communication.azure.com/;accesskey=KEY
    endpointsuffix ends enforce_minimum_key_length entries environment eq error error_code errors escaped etag event
    event's eventCount eventId eventTime eventType event_count event_id event_time events events/
    eventsTopicEndpoint events_topic_endpoint ever every exactly exp expired expires expiresAt expires_at explain
    explains export exportMp3 export_mp3 exports exportsContainer exports_container failed failedChunks
    failed_chunks fails failure failureKind failure_kind false far faults fetched field fields fifty file file-ready
    filename= files find fingerprint finished firewall first five flight folder folders folders/ follow follows for
    foresaw forgottenAfter forgotten_after form format formats forms found fragment frame free from ftyp function
    further g gauge gave ge get gets given gives go goes gone goneBy gone_by good got groupCallId groupId
    group_call_id gt had hand handed handedoverduetoaudiostreamfailure handedoverduetochunkcreationfailure
    handedoverduetomediatimeout handedoverduetoprocessingtimeout handedoverortransfered handled happened has hasNews
    hasRun has_news has_run have having hdi_isfolder head headers health heard heardAt heard_at help helps here hex
    hint hintedAt hinted_at hints holds host hostSuffixes host_suffixes hosts hot hour hours how http http:// https
    https:// https://ACCOUNT.blob… https://HOST/v1/objects/DOCUMENT[/content/NAME
    https://acscallautomation.communication.azure.com https://communication.azure.com/call-recording
    https://storage.azure.com/.default hyphens id identity ids if ignore implausible in inactiveAt inactive_at inbox
    includeRefused include_refused incomingCallContext increment_base index ingest ingested initial_backoff
    initiatorleft instead interruptions into invalidbotdata invocation is isDone isIgnored isOver is_done is_ignored
    is_over iss issued it its itself join joined json judge judged just keepGoing keepReading keep_going
    keep_reading keeps kept key keys kid kind know known knows lacks last lastError last_error lasts later lay le
    least left leftAtAcs left_at_acs length less let letter letters lie lies lifecycle like limit lines linesPerRun
    lines_per_run link links list lists little loaded local localhost lock log logged long longSize long_size longer
    longest looked looks lost lower lower-case lt made make makes malformed manage managed managedidentity manifest
    manifestBlob manifest_blob manifests many match_condition maxRecording max_chunk_get_size max_recording
    max_single_get_size maximumsessiontimereached maxresults may md5 meant meantime media media's mediatimeout
    meeting meeting's message messagePatience message_patience messages messages/ metadata metadata's metadata.json
    metadataBlob metadataBytes metadataEtag metadataFailure metadataLocation metadataSha256 metadataVersion
    metadata_blob metadata_bytes metadata_etag metadata_failure metadata_location metadata_sha256 metadata_version
    milliseconds minute minutes missing mixed mode more more-follows most mp3 mp4 must mustBe must_be name named
    names neither nested network never new newest next nextTryAt next_try_at no no-data no-fmt nobody none nonsense
    nor not not-pcm16 not-wav nothing now null number object odata.error of off offset often oldestOpenSeconds
    oldest_open_seconds on onProgress on_progress once one only open open- open-work openWork open_work operations
    operator operator's options or order origin original original_error other otherLocations other_locations others
    otherwise our ours out outbox over own ownStorage own_storage package page pages parsed part participant
    participantId participants partition parts pause pauseOnStart pauseResumeIntervals pause_on_start paused pauses
    pending perhaps permit_redirects person pieces pinned place places plain planned points policy port portal
    position posts prefix present probe probes processingtimeout proof properties proven put query queue
    queueServiceUri queueUri queue_uri queueendpoint raises ran range rank raw reached read readSeconds read_seconds
    read_timeout reads reason rebuild rebuilt record recorded recording recording's recordingChannelType
    recordingChunks recordingContentType recordingDurationMs recordingFormatType recordingHostSuffixes recordingId
    recordingKind recordingStartTime recordingState recordingStateCallbackUrl recordingStorageContainerUrl
    recordingStorageInfo recording_channel_type recording_content_type recording_duration_ms recording_format_type
    recording_host_suffixes recording_id recording_kind recording_start_time recording_state_callback_url
    recording_storage recording_storage_container_url recordingindex recordings recordings/ recordingsContainer
    recordingsStorage recordings_container recordings_storage records redirected reference refusals refuse refused
    refusedCode refusedStatus refused_code refused_status refuses rehydrate rehydrated rehydrating rejected
    rejected-events rejectedEvents rejected_events remarks remove removes renews repeatability
    repeatabilityFirstSent repeatabilityRequestId repeatability_first_sent repeatability_request_id repeated
    repetition replace replay replayable reportcallstatefailed reportcallstatefailedandsessionmustbediscarded
    reported request requests require reset resolved resource response response_preference result resultInformation
    results resume resumeRequestedAt resume_requested_at resumed retention retries retryFirst retryMax
    retry_after_seconds retry_first retry_max retry_policy retry_total return-no-content returns reverify right role
    room roomId room_id root row rowState row_state rows rule rules run runs runtimeStorage runtime_storage safe
    said same sameAs same_as sample saved say says schemaVersion schema_version scheme secondaryendpoint seconds
    secret's see seen self.blob self.buffers self.container self.delegation self.differing self.failure self.ids
    self.keys self.lock self.response self.total self.until self.writes send sending sends sent sentAt sent_at
    sentence sentences separated serverCallId server_call_id service serviceUri services sessionEndReason
    session_end_reason sessionended sessionstillongoing set setting settings several sha256 shared short should
    shows sign signature signed since single sizes slow slowly so socks some somebody something sound source spaces
    specversion speechrecognitionsessionnonretriableerror speechrecognitionsessionretriableerrormaxretrycountreached
    spent staged stands start start's startDateTime startFailure startFailureReason startReport startRequestedAt
    startTime start_failure start_failure_reason start_report start_requested_at start_time started startedBy
    started_by starting state states status status_code stays still stopped storage storageType storage_type store
    stored storedAt stored_at stream string stuckSince stuck_since subCode subject subjectRecordingId
    subject_recording_id succeed such suffix surrogatepass sweep switched table tableServiceUri tableUri table_uri
    tables tags take taken takes teams teamsCompliance teamstokenconversionfailed tell tells text than that the
    their theirs them then there these they this those throttled tier time times to toWarnOf to_warn_of together
    token told too too-many-chunks took topic total touched traceback transcriptobjectcreationfailed
    transferBlockBytes transfer_block_bytes transferring transfers transport tried true try turned twice two type
    unannounced uncommitted unconfirmed under understand understood unfinished unforeseen uniqueItems unknown
    unknownRecordings unknown_recordings unless unmixed unreadEvents unread_events unreadable unsent until untouched
    untried up update updatedAt updated_at upgrade url urn:call-recording used usedevelopmentstorage user utf-16-le
    valid value values variables vault's verifiably verified verifier verifySource verify_source version versionId
    version_id versionid= versions video video/mp4 voice voices vouches waited waits waitsFor waits_for wanted
    warned was watch wav way we web webhooks week well went were what when where whether which while who whole whose
    why will win with withMp3 with_mp3 within without word words worker works would write writeId writer writers
    written wrong wrote x-ms-date x-ms-error-code x-ms-source-if-match x-ms-version yet you your yours yourself
    """.split()  # noqa: SIM905 - a thousand words, a dozen a line
)
