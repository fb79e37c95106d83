//! Calls of one batch run side by side: a hundred submissions are checked, admitted and decided together, and not one after
//! the other. Answers stand in the order of the calls.

use crate::fault::Fault;
use futures::StreamExt;
use futures::stream::FuturesOrdered;
use jsonrpsee_core::middleware::{Batch, BatchEntry, Notification, RpcServiceT};
use jsonrpsee_core::server::{BatchResponseBuilder, MethodResponse};
use jsonrpsee_types::{ErrorObjectOwned, Id, Request};
use std::future::Future;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// See the module.
#[derive(Clone, Debug)]
pub struct SideBySide<S> {
    /// What answers single calls.
    pub service: S,
    /// Largest answer in bytes.
    pub answer_bytes_max: usize,
    /// Calls that this connection may have under way: each of them keeps memory until it is answered.
    pub calls: Arc<Semaphore>,
}

/// What a call is answered that comes while too many are under way.
fn busy(id: Id<'_>) -> MethodResponse {
    let fault = Fault::Unavailable("too many calls of this connection are under way".to_owned());
    MethodResponse::error(id, ErrorObjectOwned::from(fault))
}

impl<S> RpcServiceT for SideBySide<S>
where
    S: RpcServiceT<
            MethodResponse = MethodResponse,
            BatchResponse = MethodResponse,
            NotificationResponse = MethodResponse,
        > + Clone
        + Send
        + Sync
        + 'static,
{
    type MethodResponse = MethodResponse;
    type NotificationResponse = MethodResponse;
    type BatchResponse = MethodResponse;

    fn call<'a>(&self, request: Request<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        let (service, calls) = (self.service.clone(), self.calls.clone());
        async move {
            match calls.try_acquire() {
                Ok(_under_way) => service.call(request).await,
                Err(_) => busy(request.id().into_owned()),
            }
        }
    }

    fn batch<'a>(&self, batch: Batch<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        let service = self.service.clone();
        let calls = self.calls.clone();
        let mut answers = BatchResponseBuilder::new_with_limit(self.answer_bytes_max);
        async move {
            let count = u32::try_from(batch.len()).unwrap_or(u32::MAX);
            let Ok(_under_way) = calls.try_acquire_many(count) else { return busy(Id::Null) };
            let calls = batch.into_iter().map(|entry| {
                let service = service.clone();
                async move {
                    match entry {
                        Ok(BatchEntry::Call(request)) => Some(service.call(request).await),
                        Ok(BatchEntry::Notification(notification)) => {
                            service.notification(notification).await;
                            None
                        }
                        Err(error) => {
                            let (error, id) = error.into_parts();
                            Some(MethodResponse::error(id, error))
                        }
                    }
                }
            });
            let mut calls: FuturesOrdered<_> = calls.collect();
            let (mut any, mut answered) = (false, false);
            while let Some(answer) = calls.next().await {
                any = true;
                let Some(answer) = answer else { continue };
                answered = true;
                // What is left then is not waited for.
                if let Err(too_large) = answers.append(answer) {
                    return too_large;
                }
            }
            if any && !answered {
                MethodResponse::notification()
            } else {
                MethodResponse::from_batch(answers.finish())
            }
        }
    }

    fn notification<'a>(&self, notification: Notification<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        self.service.notification(notification)
    }
}
